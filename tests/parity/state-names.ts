import {
  byRules as byAnyRule,
  convNormRules,
  deepLabV2Names,
  deepLabV2Rules,
  deepLabV3PlusDecoderRules,
  type NameRule,
  type Rename as PartialRename,
  torchResNetRules,
  zs3NetNames,
} from '@unseen/backbone';
import type { Rename } from './weight-formula.ts';

/** A renaming that has a name for every tensor. */
function complete(rename: PartialRename): Rename {
  return (name) => {
    const found = rename(name);
    if (found === undefined) throw new Error(`no rule names the tensor ${name}`);
    return found;
  };
}

/** The first rule whose pattern matches gives the name; there must be one. */
export const byRules = (rules: readonly NameRule[]): Rename => complete(byAnyRule(rules));

const contextualRules = (prefix: string): NameRule[] => [
  [/contextual(\d+)\.conv\.weight$/, (i) => `${prefix}contexts.${Number(i) - 1}.weight`],
  [/fc_1\.conv\.weight$/, () => `${prefix}selector.convolution.weight`],
  [/contextualpool\.conv\.weight$/, () => `${prefix}pool.weight`],
  [/contextuallocalmu\.conv\.weight$/, () => `${prefix}latent.mu.weight`],
  [/contextuallocalsigma\.conv\.weight$/, () => `${prefix}latent.logVariance.weight`],
];

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

/** Tensors of SPNet's DeepLab v2. */
export const deepLabV2Name = complete(deepLabV2Names().rename);

/** Tensors of DeepLab v2 with the contextual module behind it. */
export const contextualDeepLabName = byRules([...deepLabV2Rules('deepLab.'), ...contextualRules('contextual.')]);

/** Tensors of ZS3Net's DeepLab v3+. */
export const zs3Name = complete(zs3NetNames().rename);

const elnHead = (given: string, name: string): NameRule[] => [
  [new RegExp(`^${given}\\.0\\.(\\w+)$`), (part) => `decoder.${name}.hidden.${part}`],
  [new RegExp(`^${given}\\.2\\.(\\w+)$`), (part) => `decoder.${name}.output.${part}`],
];

/** Tensors of ELN's networks: the main one has bottlenecks, the error localisation network basic blocks. */
export const elnName = (block: 'basic' | 'bottleneck'): Rename =>
  byRules([
    ...torchResNetRules(block, 'encoder.'),
    ...deepLabV3PlusDecoderRules('image'),
    ...convNormRules('^decoder\\.last_conv1\\.0', '^decoder\\.last_conv1\\.1', 'decoder.refine.0'),
    ...convNormRules('^decoder\\.last_conv2\\.0', '^decoder\\.last_conv2\\.1', 'decoder.refine.1'),
    [/^decoder\.last_conv3\.(\w+)$/, (part) => `decoder.last.${part}`],
    ...elnHead('(?:cls\\.)?classifier', 'classifier'),
    ...elnHead('proj\\.projector', 'projector'),
  ]);
