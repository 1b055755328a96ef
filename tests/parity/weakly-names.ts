import { type NameRule, torchResNetRules, torchVggRules } from '@unseen/backbone';
import { byRules } from './state-names.ts';
import type { Rename } from './weight-formula.ts';

const CONV_NORM: Record<string, string> = {
  '0.weight': 'conv.weight',
  '1.weight': 'norm.scale',
  '1.bias': 'norm.shift',
};

const irnetRules: NameRule[] = [
  ...torchResNetRules('bottleneck', 'encoder.'),
  [/^classifier\.weight$/, () => 'classifier.weight'],
  [/^mean_shift\.running_mean$/, () => 'meanShift'],
  [/^fc_edge6\.(\w+)$/, (part) => `boundary.logit.${part}`],
  [/^fc_edge(\d)\.(.+)$/, (i, part) => `boundary.projections.${Number(i) - 1}.${CONV_NORM[part]}`],
  [/^fc_dp7\.3\.weight$/, () => 'displacement.field.weight'],
  [/^fc_dp7\.(.+)$/, (part) => `displacement.fine.${CONV_NORM[part]}`],
  [/^fc_dp6\.(.+)$/, (part) => `displacement.coarse.${CONV_NORM[part]}`],
  [/^fc_dp(\d)\.(.+)$/, (i, part) => `displacement.projections.${Number(i) - 1}.${CONV_NORM[part]}`],
];

/** Tensors of IRNet's networks. */
export const irnetName: Rename = (name) => byRules(irnetRules)(name.replace(/^resnet50\./, 'backbone.'));

/** Tensors of MCIS' network of image pairs. */
export const mcisName = byRules([
  ...torchVggRules([2, 2, 3, 3, 3], 'encoder.'),
  [/^vgg\.extra_convs\.(\d)\.(\w+)$/, (number, part) => `convolutions.${Number(number) / 2}.${part}`],
  [/^vgg\.extra_last_conv\.(\w+)$/, (part) => `classifier.${part}`],
  [/^extra_linear_e\.weight$/, () => 'attention.relation.weight'],
  [/^extra_gate_merge\.weight$/, () => 'attention.gate.weight'],
  [/^extra_gate\.weight$/, () => 'coClassifier.weight'],
]);
