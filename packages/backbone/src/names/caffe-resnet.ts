import { byRules, type NameRule, type WeightNames } from './rename.ts';
import { BATCH_COUNTER, NORM_PART, TORCH_NORM, WRAPPERS } from './torch-names.ts';

const CONVOLUTIONS: Readonly<Record<string, string>> = {
  reduce: 'reduce',
  conv3x3: 'spatial',
  increase: 'expand',
  proj: 'shortcut',
};

const PART = `(?:(conv)\\.weight|bn\\.${NORM_PART})$`;

const partOf = (convolution: string | undefined, norm: string) =>
  convolution ? 'conv.weight' : `norm.${TORCH_NORM[norm]}`;

/**
 * Rules for SPNet's and CaGNet's names of a ResNet converted from Caffe (`layer1.conv1.conv`,
 * `layer2.block1.reduce.conv`); our names start with `to`.
 */
export function caffeResNetRules(to = ''): NameRule[] {
  return [
    [new RegExp(`${WRAPPERS}layer1\\.conv1\\.${PART}`), (conv, norm) => `${to}stem.${partOf(conv, norm)}`],
    [
      new RegExp(`${WRAPPERS}layer([2-5])\\.block(\\d+)\\.(${Object.keys(CONVOLUTIONS).join('|')})\\.${PART}`),
      (stage, block, inner, conv, norm) =>
        `${to}layers.${Number(stage) - 2}.${Number(block) - 1}.${CONVOLUTIONS[inner]}.${partOf(conv, norm)}`,
    ],
  ];
}

/** The names in SPNet's and CaGNet's ResNet-101, and in the Caffe weights from which both start. */
export function caffeResNetNames(): WeightNames {
  return {
    family: 'SPNet and CaGNet',
    rename: byRules(caffeResNetRules()),
    others: [
      BATCH_COUNTER,
      [/(?:^|\.)fc\./, 'classifier'],
      [/(?:^|\.)aspp\./, 'pyramid of DeepLab v2'],
      [/(?:^|\.)(?:contextual|fc_1\.)/, 'contextual module of CaGNet'],
    ],
  };
}
