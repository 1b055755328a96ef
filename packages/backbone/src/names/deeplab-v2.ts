import { caffeResNetRules } from './caffe-resnet.ts';
import { byRules, type NameRule, type WeightNames } from './rename.ts';
import { BATCH_COUNTER } from './torch-names.ts';
import { torchResNetRules } from './torch-resnet.ts';

/** Rules for DeepLab v2 on ResNet-101, by SPNet's and CaGNet's names and by torchvision's; our names begin with `to`. */
export function deepLabV2Rules(to = ''): NameRule[] {
  const branch = (i: string, part: string) => `${to}aspp.branches.${i}.${part}`;
  return [
    ...caffeResNetRules(`${to}encoder.`),
    [/(?:^|\.)aspp\.stages\.c(\d+)\.(weight|bias)$/, branch],
    [/(?:^|\.)layer5\.conv2d_list\.(\d+)\.(weight|bias)$/, branch],
    ...torchResNetRules('bottleneck', `${to}encoder.`),
  ];
}

/** The names of a whole DeepLab v2 on a ResNet with bottlenecks. */
export function deepLabV2Names(): WeightNames {
  return {
    family: 'DeepLab v2',
    rename: byRules(deepLabV2Rules()),
    others: [BATCH_COUNTER, [/(?:^|\.)(?:contextual|fc_1\.)/, 'contextual module of CaGNet']],
  };
}
