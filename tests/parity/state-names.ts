import type { Rename } from './weight-formula.ts';

type Rule = readonly [pattern: RegExp, name: (...groups: string[]) => string];

function byRules(rules: readonly Rule[]): Rename {
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

const BOTTLENECK: Record<string, string> = {
  reduce: 'reduce',
  conv3x3: 'spatial',
  increase: 'expand',
  proj: 'shortcut',
};

const UNIT: Record<string, string> = {
  'conv.weight': 'conv.weight',
  'bn.weight': 'norm.scale',
  'bn.bias': 'norm.shift',
  'bn.running_mean': 'norm.runningMean',
  'bn.running_var': 'norm.runningVariance',
};

/** Tensors of CaGNet's contextual module. */
export const contextualName = byRules(contextualRules(''));

/** Tensors of CaGNet's generator. */
export const generatorName = byRules([[/^mlp\.(\d+)\.(?:conv\.)?(\w+)$/, (i, part) => `layers.${i}.${part}`]]);

/** Tensors of CaGNet's discriminator and classifier. */
export const headsName = byRules([
  [/^fc\.conv\.(\w+)$/, (part) => `trunk.${part}`],
  [/^pred\.(\w+)$/, (part) => `discriminator.${part}`],
  [/^cls\.(\w+)$/, (part) => `classifier.${part}`],
]);

/** Tensors of DeepLab v2 with the contextual module behind it. */
export const deepLabName = byRules([
  [/layer1\.conv1\.(.+)$/, (part) => `trunk.stem.${UNIT[part]}`],
  [
    /layer(\d+)\.block(\d+)\.(\w+)\.(.+)$/,
    (stage, block, unit, part) =>
      `trunk.layers.${Number(stage) - 2}.${Number(block) - 1}.${BOTTLENECK[unit]}.${UNIT[part]}`,
  ],
  [/aspp\.stages\.c(\d+)\.(\w+)$/, (i, part) => `aspp.branches.${i}.${part}`],
  ...contextualRules('contextual.'),
]);
