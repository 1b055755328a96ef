import {
  type LabelledInputs,
  labelledInputSpecs,
  labelledMaps,
  meanOf,
  type Trunk,
  weighted,
} from '@unseen/experiment';
import { contentLoss, crossEntropy } from '@unseen/nn';
import { type ClassVectors, drawNoise } from '@unseen/synthesis';
import type { Program } from '@unseen/tensor';
import type { Zs3Net } from './networks.ts';
import type { Zs3NetChoices, Zs3NetWeights } from './settings.ts';

/** Everything a step on real features is made of. */
export interface Zs3NetRealStepOptions extends LabelledInputs {
  readonly model: Zs3Net;
  readonly trunk: Trunk;
  readonly vectors: ClassVectors;
  readonly choices: Zs3NetChoices;
  readonly weights: Zs3NetWeights;
  readonly groups: readonly [number, number];
  /** False while fine-tuning: the trunk is frozen. */
  readonly trainTrunk: boolean;
}

/**
 * One step on real features X = σ(h): the classifier learns from them, the generator to make features of each
 * class that are distributed as the real ones (MMD by class), with what of the trunk is not frozen.
 * Losses `heads`, `trunk` and `generator`, all from one forward pass at the weights before the update.
 */
export function zs3netRealStep(options: Zs3NetRealStepOptions): Program {
  const { model, trunk, vectors, choices, weights, trainTrunk } = options;
  return {
    name: 'zs3net/real-step',
    inputs: labelledInputSpecs(options),
    training: true,
    describe: (ops, inputs) => {
      const sizes = { ...options, classes: vectors.classes };
      const { maps, labels } = labelledMaps(ops, inputs, sizes, (input) => ({
        features: ops.sigmoid(trunk.forward(ops, input)),
      }));
      const classifyReal = meanOf(
        ops,
        maps.map((map, k) => crossEntropy(ops, model.classifier.logits(ops, map), labels[k])),
      );
      const noise = drawNoise(ops, choices.noise, [...ops.shape(labels[0]), model.noise]);
      const synthetic = model.generator.forward(ops, vectors.lookUp(ops, labels[0]), noise);
      const classifyFake = crossEntropy(ops, model.classifier.logits(ops, synthetic), labels[0]);
      const { bandwidths, scale } = choices;
      const content = contentLoss(ops, 'mmd', synthetic, maps[0], {
        bandwidths,
        scale,
        groups: { indices: inputs.groupPixels, mask: inputs.groupMask },
      });
      const heads = weighted(ops, [
        [weights.classifyReal, classifyReal],
        [weights.classifyFake, classifyFake],
      ]);
      const generator = weighted(ops, [
        [weights.content, content],
        [weights.generatorClassify, classifyFake],
      ]);
      const trained = trainTrunk ? trunk.parameters() : [];
      return {
        outputs: { classifyReal, classifyFake, content },
        losses: {
          heads: { value: heads, parameters: model.classifier.parameters() },
          ...(trained.length > 0 && {
            trunk: { value: weighted(ops, [[weights.trunkClassify, classifyReal]]), parameters: trained },
          }),
          generator: { value: generator, parameters: model.generator.parameters() },
        },
      };
    },
  };
}
