import { byRules, type NameRule, type WeightNames } from './rename.ts';
import { BATCH_COUNTER, convNormRules, NORM_PART, TORCH_NORM, WRAPPERS } from './torch-names.ts';

/** Kinds of residual blocks. */
export type BlockKind = 'basic' | 'bottleneck';

const CONVOLUTIONS: Readonly<Record<BlockKind, readonly string[]>> = {
  basic: ['first', 'second'],
  bottleneck: ['reduce', 'spatial', 'expand'],
};

/**
 * Rules for torchvision's names of a ResNet (`conv1`, `bn1`, `layer1.0.conv1`, `layer1.0.downsample.0`), also after a
 * prefix such as `backbone.` or `Scale.`; our names start with `to`.
 */
export function torchResNetRules(block: BlockKind, to = ''): NameRule[] {
  const unit = (stage: string, i: string, name: string) => `${to}layers.${Number(stage) - 1}.${i}.${name}`;
  const inner = (stage: string, i: string, n: string, part: string) => {
    const name = CONVOLUTIONS[block][Number(n) - 1];
    return name && unit(stage, i, `${name}.${part}`);
  };
  const at = `${WRAPPERS}layer([1-4])\\.(\\d+)\\.`;
  return [
    ...convNormRules(`${WRAPPERS}conv1`, `${WRAPPERS}bn1`, `${to}stem`),
    [new RegExp(`${at}conv(\\d)\\.weight$`), (stage, i, n) => inner(stage, i, n, 'conv.weight')],
    [new RegExp(`${at}bn(\\d)\\.${NORM_PART}$`), (stage, i, n, part) => inner(stage, i, n, `norm.${TORCH_NORM[part]}`)],
    [new RegExp(`${at}(?:downsample|shortcut)\\.0\\.weight$`), (stage, i) => unit(stage, i, 'shortcut.conv.weight')],
    [
      new RegExp(`${at}(?:downsample|shortcut)\\.1\\.${NORM_PART}$`),
      (stage, i, part) => unit(stage, i, `shortcut.norm.${TORCH_NORM[part]}`),
    ],
  ];
}

/**
 * torchvision's names of a ResNet. Networks built on one use the same names after a prefix: ZS3Net's and ELN's DeepLab
 * v3+ (`backbone.`), DeepLab v2 with Caffe's strides (`Scale.`).
 */
export function torchResNetNames(block: BlockKind): WeightNames {
  return {
    family: 'torchvision',
    rename: byRules(torchResNetRules(block)),
    others: [
      BATCH_COUNTER,
      [/^fc\./, 'classifier'],
      [/(?:^|\.)layer5\.conv2d_list\./, 'pyramid of DeepLab v2'],
      [/^(?:aspp|decoder)\./, 'decoder of DeepLab v3+'],
    ],
  };
}
