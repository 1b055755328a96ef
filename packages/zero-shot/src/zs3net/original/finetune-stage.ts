import type { DeepLabV3Plus } from '@unseen/backbone';
import type { SeedTree } from '@unseen/core';
import {
  type Stage,
  scheduledOptimizer,
  type Training,
  trainingStreams,
  trainStage,
  type Weights,
} from '@unseen/experiment';
import { constant, kaimingNormal, uniform } from '@unseen/nn';
import { trainingSettings } from '../../protocol/settings.ts';
import { createGenerators, generatorModules } from './generators.ts';
import { SceneTrainer } from './scene-trainer.ts';
import type { Zs3NetOriginalChoices, Zs3NetOriginalConfig } from './settings.ts';
import { batchesOf, guardedCrops, leakedCrops, setUp } from './setup.ts';

/**
 * Stage 2 of ZS3Net (paper §3.2): generators learn the features of seen classes, a new classifier learns from features of
 * images and synthetic ones. The rest of the network stays as it is.
 */
export function finetuneStage(config: Zs3NetOriginalConfig, train: Stage<Weights>): Stage<Weights> {
  const { zs3net, gmmn, augment, finetune } = config;
  return trainStage({
    name: 'finetune',
    settings: { ...trainingSettings(config), zs3net, gmmn, augment, finetune },
    needs: { train },
    schedule: finetune,
    build: async (context, inputs): Promise<Training> => {
      const setup = await setUp(context, config);
      const { engine, seeds } = context;
      const { network, protocol, choices } = setup;
      const { iterations, batch, optimizers: rules } = finetune;
      await inputs.train.load({ network });
      resetClassifier(network, choices.classifierInit, seeds.child('finetune/classifier'));
      const sizes = {
        embedding: protocol.vectors[0].length,
        channels: network.decoder.classifier.output.weight.shape[1],
      };
      const generators = createGenerators(gmmn, sizes, seeds);
      const modules = generatorModules(generators);
      const optimizers = {
        classifier: scheduledOptimizer(engine, rules.classifier, network.decoder.classifier.parameters(), iterations),
        ...Object.fromEntries(
          Object.entries(modules).map(([name, module]) => {
            const rule = name === 'graph' ? rules.graph : rules.generator;
            return [name, scheduledOptimizer(engine, rule, module.parameters(), iterations)];
          }),
        ),
      };
      const crops = choices.layout === 'groundTruth' ? leakedCrops(context, setup) : await guardedCrops(context, setup);
      const streams = trainingStreams(seeds, 'finetune');
      const batches = batchesOf(setup, crops, { batch, random: streams.batches });
      const trainer = new SceneTrainer(engine, setup, generators, optimizers);
      return {
        modules: { network, ...modules },
        optimizers,
        batches,
        noise: streams.noise,
        step: (iteration) => trainer.step(batches, iteration, streams.noise),
        close: () => trainer.dispose(),
      };
    },
  });
}

/** Forgets what the classifier has learned (ZS-4). */
function resetClassifier(
  { decoder }: DeepLabV3Plus,
  kind: Zs3NetOriginalChoices['classifierInit'],
  seeds: SeedTree,
): void {
  const { weight, bias } = decoder.classifier.output;
  const inUnitInterval: typeof kaimingNormal = (shape, random) => uniform(0.5)(shape, random).map((x) => x + 0.5);
  const [weights, biases] = kind === 'uniform' ? [inUnitInterval, inUnitInterval] : [kaimingNormal, constant(0)];
  weight.assign(weights(weight.shape, seeds.child('weight').stream()));
  bias?.assign(biases(bias.shape, seeds.child('bias').stream()));
}
