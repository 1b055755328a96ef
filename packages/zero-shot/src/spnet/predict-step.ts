import { fuseMaximum, viewsAtScales } from '@unseen/backbone';
import type { Ops, Program } from '@unseen/tensor';
import type { SpnetNetworks } from './setup.ts';

/** Sizes of {@link predictStep}. */
export interface PredictStepOptions extends SpnetNetworks {
  /** Size [height, width] and channels of what the trunk is given. */
  readonly grid: readonly [number, number];
  readonly channels: number;
  /** Where that is images: scales at which they are seen besides their size. Default: none. */
  readonly scales?: readonly number[];
}

/** Stored features, or images where the trunk begins with them, → logits [1, h, w, classes] of all classes. */
export function predictStep({ grid, channels, ...options }: PredictStepOptions): Program {
  return {
    name: 'spnet/predict',
    inputs: { features: { shape: [1, ...grid, channels], dtype: 'float32' } },
    describe: (ops, { features }) => ({ outputs: { logits: predictLogits(ops, features, options) } }),
  };
}

/** Logits of all classes: the maximum over the scales at which images are seen (spec §6). */
export function predictLogits<V>(
  ops: Ops<V>,
  input: V,
  { trunk, head, scales = [] }: SpnetNetworks & Pick<PredictStepOptions, 'scales'>,
): V {
  const network = (view: V) => head.forward(ops, trunk.forward(ops, view));
  return fuseMaximum(ops, viewsAtScales(ops, input, network, scales));
}
