import type { LoweringRule } from '../lowering.ts';
import { convolutionLowering } from './convolution.ts';
import { elementwiseLowering } from './elementwise.ts';
import { filterGradientLowering } from './filter-gradient.ts';
import { formLowering } from './form.ts';
import { leafRules } from './leaves.ts';
import { windowLowering } from './pooling.ts';
import { productLowering } from './products.ts';

/** How every recorded operation becomes ONNX operators, by the operation's name. */
export const loweringRules: ReadonlyMap<string, LoweringRule> = new Map(
  Object.entries({
    ...leafRules,
    ...elementwiseLowering,
    ...formLowering,
    ...productLowering,
    ...convolutionLowering,
    ...filterGradientLowering,
    ...windowLowering,
  }),
);
