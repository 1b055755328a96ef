import { fuseMaximum } from '@unseen/backbone';
import type { WordVectorProjection } from '@unseen/classifier';
import { type LabelledInputs, labelledInputSpecs, labelledViews, type Trunk } from '@unseen/experiment';
import { crossEntropy } from '@unseen/nn';
import type { Ops, Program } from '@unseen/tensor';
import type { SpnetSettings } from './settings.ts';

/** Everything a step of SPNet is made of. */
export interface ProjectionStepOptions extends LabelledInputs {
  readonly trunk: Trunk;
  readonly head: WordVectorProjection;
  /** Classes that are learned: the first ones of the head. */
  readonly seen: number;
  readonly scaleLosses: SpnetSettings['spnet']['scaleLosses'];
}

/**
 * One step of SPNet (paper §3.2): cross-entropy of the logits of seen classes at every scale, and of the maximum of the
 * scales; the loss `classify` is their sum. Labels are given on each scale's own grid, those of the maximum are those of full
 * scale. Labelled rows are for a lone scale.
 */
export function projectionStep(options: ProjectionStepOptions): Program {
  const { trunk, head, grids, scaleLosses } = options;
  return {
    name: 'spnet/step',
    inputs: labelledInputSpecs(options),
    training: true,
    describe: (ops, inputs) => {
      const errors = scaleErrors(ops, inputs, options);
      const sum = errors.reduce((a, b) => ops.add(a, b));
      const value = scaleLosses === 'sum' ? sum : ops.mul(sum, ops.scalar(1 / errors.length));
      const names = errors.map((_, k) => (k < grids.length ? `classify${k}` : 'classifyMaximum'));
      return {
        outputs: errors.length > 1 ? Object.fromEntries(errors.map((error, k) => [names[k], error])) : {},
        losses: { classify: { value, parameters: [...trunk.parameters(), ...head.parameters()] } },
      };
    },
  };
}

/** Cross-entropy at each scale, then that of the maximum. */
function scaleErrors<V>(ops: Ops<V>, inputs: Readonly<Record<string, V>>, options: ProjectionStepOptions): V[] {
  const { trunk, head, seen, rows, grids } = options;
  const logits = (h: V) => head.forward(ops, h, seen);
  const { views, labels, atLabels } = labelledViews(ops, inputs, options, (input) => trunk.forward(ops, input));
  // The head sees the labelled rows only, with the same result.
  if (rows) return [crossEntropy(ops, logits(atLabels(views[0])), labels[0])];
  const maps = views.map(logits);
  const all = maps.length > 1 ? [...maps, fuseMaximum(ops, maps)] : maps;
  return all.map((map, k) => crossEntropy(ops, map, labels[k < grids.length ? k : 0]));
}
