import { caffeResNetRules } from './caffe-resnet.ts';
import { byRules, type NameRule, type WeightNames } from './rename.ts';
import { BATCH_COUNTER } from './torch-names.ts';
import { torchResNetRules } from './torch-resnet.ts';

/**
 * Rules for DeepLab v2 on ResNet-101, with the names of SPNet and CaGNet and of torchvision; our names start with `to`.
 */
export function deepLabV2Rules(to = ''): NameRule[] {
  const branch = (i: string, part: string) => `${to}aspp.branches.${i}.${part}`;
  return [
    ...caffeResNetRules(`${to}encoder.`),
    [/(?:^|\.)aspp\.stages\.c(\d+)\.(weight|bias)$/, branch],
    [/(?:^|\.)layer5\.conv2d_list\.(\d+)\.(weight|bias)$/, branch],
    ...torchResNetRules('bottleneck', `${to}encoder.`),
  ];
}

/** The names of a complete DeepLab v2 on a ResNet with bottlenecks. */
export function deepLabV2Names(): WeightNames {
  return {
    family: 'DeepLab v2',
    rename: byRules(deepLabV2Rules()),
    others: [BATCH_COUNTER, [/(?:^|\.)(?:contextual|fc_1\.)/, 'contextual module of CaGNet']],
  };
}
