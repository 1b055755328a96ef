import { byRules, type WeightNames } from './rename.ts';

const NORM: Readonly<Record<string, string>> = {
  gamma: 'scale',
  beta: 'shift',
  moving_mean: 'runningMean',
  moving_variance: 'runningVariance',
};

const NORM_PART = `(${Object.keys(NORM).join('|')})`;
const UNITS: Readonly<Record<string, string>> = { dw: 'depthwise', pw: 'pointwise' };

const unit = (kind: string, block: string) => `blocks.${Number(block) - 1}.${UNITS[kind]}`;

/** Keras's names and order of axes for MobileNetV1. */
export function kerasMobileNetNames(): WeightNames {
  return {
    family: 'Keras',
    rename: byRules([
      [/^conv1\/kernel:0$/, () => 'stem.conv.weight'],
      [new RegExp(`^conv1_bn/${NORM_PART}:0$`), (part) => `stem.norm.${NORM[part]}`],
      [/^conv_(dw)_(\d+)\/depthwise_kernel:0$/, (kind, block) => `${unit(kind, block)}.conv.weight`],
      [/^conv_(pw)_(\d+)\/kernel:0$/, (kind, block) => `${unit(kind, block)}.conv.weight`],
      [
        new RegExp(`^conv_(dw|pw)_(\\d+)_bn/${NORM_PART}:0$`),
        (kind, block, part) => `${unit(kind, block)}.norm.${NORM[part]}`,
      ],
    ]),
    // Keras: [h, w, in, out] and [h, w, channels, 1]; here [out, in, h, w] and [channels, 1, h, w].
    axes: (name) =>
      name.endsWith('/depthwise_kernel:0') ? [2, 3, 0, 1] : name.endsWith('/kernel:0') ? [3, 2, 0, 1] : undefined,
    others: [[/^conv_preds\//, 'classifier']],
  };
}
