import type { DeepLabV3Plus } from '@unseen/backbone';
import { crossEntropy } from '@unseen/nn';
import type { InputSpec, Program } from '@unseen/tensor';

/** Sizes and weights of {@link classifierStep}. */
export interface ClassifierStepOptions {
  readonly network: DeepLabV3Plus;
  readonly batch: number;
  /** Of the features, [height, width]. */
  readonly grid: readonly [number, number];
  readonly channels: number;
  /** Side of the images. */
  readonly crop: number;
  readonly classWeights: readonly number[];
  /** Factor of the whole loss (ZS-4). */
  readonly scale: number;
  /** Regions that are classified besides, with their λ. */
  readonly regions?: { readonly count: number; readonly weight: number };
}

/**
 * A step of the classifier, alone, on features of images or synthetic ones (paper §3.2). Scenes with a layout of the image's
 * own are compared at its size (`labels`), others on the grid (`gridLabels`); `shares` [2] are the parts of the two. Loss
 * `classifier`.
 */
export function classifierStep(options: ClassifierStepOptions): Program {
  const { network, batch, grid, channels, crop, classWeights, scale, regions } = options;
  const inputs: Record<string, InputSpec> = {
    features: { shape: [batch, ...grid, channels], dtype: 'float32' },
    labels: { shape: [batch, crop, crop], dtype: 'int32' },
    gridLabels: { shape: [batch, ...grid], dtype: 'int32' },
    shares: { shape: [2], dtype: 'float32' },
  };
  if (regions) {
    inputs.regions = { shape: [regions.count, channels], dtype: 'float32' };
    inputs.regionLabels = { shape: [regions.count], dtype: 'int32' };
  }
  const { classifier } = network.decoder;
  return {
    name: 'zs3net/classifier',
    training: true,
    inputs,
    describe: (ops, values) => {
      const logits = classifier.forward(ops, values.features);
      const large = network.enlarge(ops, logits, [crop, crop]);
      const share = (i: number) => ops.reshape(ops.slice(values.shares, [i], [1]), []);
      const own = ops.mul(share(0), crossEntropy(ops, large, values.labels, classWeights));
      const drawn = ops.mul(share(1), crossEntropy(ops, logits, values.gridLabels, classWeights));
      let value = ops.add(own, drawn);
      if (regions) {
        const loss = crossEntropy(ops, classifier.forward(ops, values.regions), values.regionLabels, classWeights);
        value = ops.add(value, ops.mul(loss, ops.scalar(regions.weight)));
      }
      const total = scale === 1 ? value : ops.mul(value, ops.scalar(scale));
      return { outputs: {}, losses: { classifier: { value: total, parameters: classifier.parameters() } } };
    },
  };
}
