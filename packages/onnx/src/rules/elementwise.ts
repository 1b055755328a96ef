import { float, type NodeAttributes } from '../graph.ts';
import { type Lowering, type LoweringRule, physicalAxis } from '../lowering.ts';
import { number } from '../node.ts';

/** An operation with a different name in ONNX. */
function elementwise(type: string, attributes: NodeAttributes = {}): LoweringRule {
  return (to, node) => {
    const layout = node.shape.length === 4 ? to.layoutFor(node.inputs) : 'plain';
    const inputs = node.inputs.map((input) => to.get(input, layout));
    to.set(node, layout, to.graph.op(type, inputs, attributes));
  };
}

/**
 * Over the channels: composed of simpler operations if they are not the last axis in memory, because ONNX Runtime would
 * transpose.
 */
function softmax(
  type: 'Softmax' | 'LogSoftmax',
  composed: (to: Lowering, x: string, axes: string) => string,
): LoweringRule {
  return (to, node) => {
    const [x] = node.inputs;
    const layout = to.layoutFor([x]);
    const axis = physicalAxis(x.shape.length - 1, x.shape.length, layout);
    const value = to.get(x, layout);
    const result =
      layout === 'plain' ? to.graph.op(type, [value], { axis }) : composed(to, value, to.graph.integers([axis]));
    to.set(node, layout, result);
  };
}

function centred(to: Lowering, x: string, axes: string): string {
  return to.graph.op('Sub', [x, to.graph.op('ReduceMax', [x, axes], { keepdims: 1 })]);
}

/** Lowering of the element-wise operations and of those over the channels of each position. */
export const elementwiseLowering: Readonly<Record<string, LoweringRule>> = {
  add: elementwise('Add'),
  sub: elementwise('Sub'),
  mul: elementwise('Mul'),
  div: elementwise('Div'),
  maximum: elementwise('Max'),
  neg: elementwise('Neg'),
  exp: elementwise('Exp'),
  log: elementwise('Log'),
  sqrt: elementwise('Sqrt'),
  abs: elementwise('Abs'),
  relu: elementwise('Relu'),
  sigmoid: elementwise('Sigmoid'),
  tanh: elementwise('Tanh'),
  softplus: elementwise('Softplus'),
  // Clip(3e38 x, 0, 1): exact for every normal number and several times faster than a comparison with a cast.
  step: elementwise('HardSigmoid', { alpha: float(3e38), beta: float(0) }),

  square(to, node) {
    const layout = to.layoutFor(node.inputs);
    const x = to.get(node.inputs[0], layout);
    to.set(node, layout, to.graph.op('Mul', [x, x]));
  },

  relu6(to, node) {
    const layout = to.layoutFor(node.inputs);
    const limits = [to.graph.scalar(0), to.graph.scalar(6)];
    to.set(node, layout, to.graph.op('Clip', [to.get(node.inputs[0], layout), ...limits]));
  },

  leakyRelu(to, node) {
    elementwise('LeakyRelu', { alpha: float(number(node, 'slope')) })(to, node);
  },

  softmax: softmax('Softmax', (to, x, axes) => {
    const e = to.graph.op('Exp', [centred(to, x, axes)]);
    return to.graph.op('Div', [e, to.graph.op('ReduceSum', [e, axes], { keepdims: 1 })]);
  }),

  logSoftmax: softmax('LogSoftmax', (to, x, axes) => {
    const z = centred(to, x, axes);
    const total = to.graph.op('ReduceSum', [to.graph.op('Exp', [z]), axes], { keepdims: 1 });
    return to.graph.op('Sub', [z, to.graph.op('Log', [total])]);
  }),
};
