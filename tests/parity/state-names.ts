import type { Rename } from './weight-formula.ts';

/** A pattern of the authors' names, and what its groups become. */
export type Rule = readonly [pattern: RegExp, name: (...groups: string[]) => string];

/** The first rule whose pattern matches gives the name. */
export function byRules(rules: readonly Rule[]): Rename {
  return (name) => {
    for (const [pattern, rename] of rules) {
      const match = pattern.exec(name);
      if (match) return rename(...match.slice(1));
    }
    throw new Error(`no rule names the tensor ${name}`);
  };
}

const contextualRules = (prefix: string): Rule[] => [
  [/contextual(\d+)\.conv\.weight$/, (i) => `${prefix}contexts.${Number(i) - 1}.weight`],
  [/fc_1\.conv\.weight$/, () => `${prefix}selector.convolution.weight`],
  [/contextualpool\.conv\.weight$/, () => `${prefix}pool.weight`],
  [/contextuallocalmu\.conv\.weight$/, () => `${prefix}latent.mu.weight`],
  [/contextuallocalsigma\.conv\.weight$/, () => `${prefix}latent.logVariance.weight`],
];

/** Parts of a residual block: of SPNet's Caffe-like code, and of torchvision's. */
const CAFFE_BLOCK: Record<string, string> = {
  reduce: 'reduce',
  conv3x3: 'spatial',
  increase: 'expand',
  proj: 'shortcut',
};
const TORCH_BLOCKS: Readonly<Record<'basic' | 'bottleneck', readonly string[]>> = {
  basic: ['first', 'second'],
  bottleneck: ['reduce', 'spatial', 'expand'],
};

const NORM: Record<string, string> = {
  weight: 'scale',
  bias: 'shift',
  running_mean: 'runningMean',
  running_var: 'runningVariance',
};

/** Rules for a convolution and the normalisation behind it. */
const unit = (convolution: string, norm: string, name: string): Rule[] => [
  [new RegExp(`^${convolution}\\.weight$`), () => `${name}.conv.weight`],
  [new RegExp(`^${norm}\\.(\\w+)$`), (part) => `${name}.norm.${NORM[part]}`],
];

const caffeUnit = (name: string, type: string, part: string) =>
  type === 'bn' ? `${name}.norm.${NORM[part]}` : `${name}.conv.${part}`;

/** Tensors of CaGNet's contextual module. */
export const contextualName = byRules(contextualRules(''));

/** Tensors of CaGNet's generator. */
export const generatorName = byRules([[/^mlp\.(\d+)\.(?:conv\.)?(\w+)$/, (i, part) => `layers.${i}.${part}`]]);

/** Tensors of ZS3Net's generator. */
export const gmmnName = byRules([[/^model\.(\d+)\.(\w+)$/, (i, part) => `layers.${Number(i) / 3}.${part}`]]);

/** Tensors of CaGNet's discriminator and classifier. */
export const headsName = byRules([
  [/^fc\.conv\.(\w+)$/, (part) => `trunk.${part}`],
  [/^pred\.(\w+)$/, (part) => `discriminator.${part}`],
  [/^cls\.(\w+)$/, (part) => `classifier.${part}`],
]);

/** DeepLab v2 of SPNet and CaGNet, a field of that name. */
const deepLabV2Rules = (prefix: string): Rule[] => [
  [/layer1\.conv1\.(conv|bn)\.(\w+)$/, (type, part) => caffeUnit(`${prefix}encoder.stem`, type, part)],
  [
    /layer(\d+)\.block(\d+)\.(\w+)\.(conv|bn)\.(\w+)$/,
    (stage, block, inner, type, part) => {
      const at = `${prefix}encoder.layers.${Number(stage) - 2}.${Number(block) - 1}`;
      return caffeUnit(`${at}.${CAFFE_BLOCK[inner]}`, type, part);
    },
  ],
  [/aspp\.stages\.c(\d+)\.(\w+)$/, (i, part) => `${prefix}aspp.branches.${i}.${part}`],
];

/** Tensors of SPNet's DeepLab v2. */
export const deepLabV2Name = byRules(deepLabV2Rules(''));

/** Tensors of DeepLab v2 with the contextual module behind it. */
export const contextualDeepLabName = byRules([...deepLabV2Rules('deepLab.'), ...contextualRules('contextual.')]);

/** An encoder with torchvision's names. */
export const torchResNetRules = (block: 'basic' | 'bottleneck'): Rule[] => {
  const layer = (stage: string, i: string, part: string) => `encoder.layers.${Number(stage) - 1}.${i}.${part}`;
  return [
    ...unit('backbone\\.conv1', 'backbone\\.bn1', 'encoder.stem'),
    [
      /^backbone\.layer(\d+)\.(\d+)\.conv(\d)\.weight$/,
      (stage, i, n) => layer(stage, i, `${TORCH_BLOCKS[block][Number(n) - 1]}.conv.weight`),
    ],
    [
      /^backbone\.layer(\d+)\.(\d+)\.bn(\d)\.(\w+)$/,
      (stage, i, n, part) => layer(stage, i, `${TORCH_BLOCKS[block][Number(n) - 1]}.norm.${NORM[part]}`),
    ],
    [
      /^backbone\.layer(\d+)\.(\d+)\.(?:downsample|shortcut)\.0\.weight$/,
      (stage, i) => layer(stage, i, 'shortcut.conv.weight'),
    ],
    [
      /^backbone\.layer(\d+)\.(\d+)\.(?:downsample|shortcut)\.1\.(\w+)$/,
      (stage, i, part) => layer(stage, i, `shortcut.norm.${NORM[part]}`),
    ],
  ];
};

/** What the decoders of ZS3Net and ELN have in common; `image` is the convolution behind the mean of the image. */
const v3PlusRules = (image: string): Rule[] => [
  [/^aspp\.aspp(\d)\.atrous_conv\.weight$/, (i) => `decoder.aspp.branches.${Number(i) - 1}.conv.weight`],
  [/^aspp\.aspp(\d)\.bn\.(\w+)$/, (i, part) => `decoder.aspp.branches.${Number(i) - 1}.norm.${NORM[part]}`],
  [/^aspp\.global_avg_pool\.1\.weight$/, () => `decoder.aspp.${image}.weight`],
  [/^aspp\.global_avg_pool\.2\.(\w+)$/, (part) => `decoder.aspp.image.norm.${NORM[part]}`],
  ...unit('aspp\\.conv1', 'aspp\\.bn1', 'decoder.aspp.project'),
  ...unit('decoder\\.conv1', 'decoder\\.bn1', 'decoder.lowLevel'),
];

/** Tensors of ZS3Net's DeepLab v3+. */
export const zs3Name = byRules([
  ...torchResNetRules('bottleneck'),
  ...v3PlusRules('image.conv'),
  ...unit('decoder\\.last_conv\\.0', 'decoder\\.last_conv\\.1', 'decoder.refine.0'),
  ...unit('decoder\\.last_conv\\.4', 'decoder\\.last_conv\\.5', 'decoder.refine.1'),
  [/^decoder\.pred_conv\.(\w+)$/, (part) => `decoder.classifier.output.${part}`],
]);

const elnHead = (given: string, name: string): Rule[] => [
  [new RegExp(`^${given}\\.0\\.(\\w+)$`), (part) => `decoder.${name}.hidden.${part}`],
  [new RegExp(`^${given}\\.2\\.(\\w+)$`), (part) => `decoder.${name}.output.${part}`],
];

/** Tensors of ELN's networks: the main one has bottlenecks, the error localisation network basic blocks. */
export const elnName = (block: 'basic' | 'bottleneck'): Rename =>
  byRules([
    ...torchResNetRules(block),
    ...v3PlusRules('image'),
    ...unit('decoder\\.last_conv1\\.0', 'decoder\\.last_conv1\\.1', 'decoder.refine.0'),
    ...unit('decoder\\.last_conv2\\.0', 'decoder\\.last_conv2\\.1', 'decoder.refine.1'),
    [/^decoder\.last_conv3\.(\w+)$/, (part) => `decoder.last.${part}`],
    ...elnHead('(?:cls\\.)?classifier', 'classifier'),
    ...elnHead('proj\\.projector', 'projector'),
  ]);
