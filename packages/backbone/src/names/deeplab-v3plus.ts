import { byRules, type NameRule, type WeightNames } from './rename.ts';
import { BATCH_COUNTER, convNormRules, NORM_PART, TORCH_NORM } from './torch-names.ts';
import { torchResNetRules } from './torch-resnet.ts';

/**
 * Rules shared by the decoders of ZS3Net and ELN. `image` is the convolution after global pooling, which has no
 * normalisation in ELN.
 */
export function deepLabV3PlusDecoderRules(image: 'image.conv' | 'image'): NameRule[] {
  const branch = (i: string) => `decoder.aspp.branches.${Number(i) - 1}`;
  return [
    [/^aspp\.aspp(\d)\.atrous_conv\.weight$/, (i) => `${branch(i)}.conv.weight`],
    [new RegExp(`^aspp\\.aspp(\\d)\\.bn\\.${NORM_PART}$`), (i, part) => `${branch(i)}.norm.${TORCH_NORM[part]}`],
    [/^aspp\.global_avg_pool\.1\.weight$/, () => `decoder.aspp.${image}.weight`],
    [
      new RegExp(`^aspp\\.global_avg_pool\\.2\\.${NORM_PART}$`),
      (part) => `decoder.aspp.image.norm.${TORCH_NORM[part]}`,
    ],
    ...convNormRules('^aspp\\.conv1', '^aspp\\.bn1', 'decoder.aspp.project'),
    ...convNormRules('^decoder\\.conv1', '^decoder\\.bn1', 'decoder.lowLevel'),
  ];
}

/** The names in ZS3Net's DeepLab v3+ on ResNet-101. */
export function zs3NetNames(): WeightNames {
  return {
    family: 'ZS3Net',
    rename: byRules([
      ...torchResNetRules('bottleneck', 'encoder.'),
      ...deepLabV3PlusDecoderRules('image.conv'),
      ...convNormRules('^decoder\\.last_conv\\.0', '^decoder\\.last_conv\\.1', 'decoder.refine.0'),
      ...convNormRules('^decoder\\.last_conv\\.4', '^decoder\\.last_conv\\.5', 'decoder.refine.1'),
      [/^decoder\.pred_conv\.(weight|bias)$/, (part) => `decoder.classifier.output.${part}`],
    ]),
    others: [BATCH_COUNTER],
  };
}
