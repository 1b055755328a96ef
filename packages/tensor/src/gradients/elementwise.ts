import type { Shape } from '../shape.ts';
import type { Rule, TapeOps } from './rule.ts';

/** Sums `x` over the axes along which a value of shape `shape` was repeated: the transpose of broadcasting. */
export function sumTo<V>(ops: TapeOps<V>, x: V, shape: Shape): V {
  const from = ops.shape(x);
  const offset = from.length - shape.length;
  const axes = from.flatMap((n, i) => (n !== (shape[i - offset] ?? 1) || i < offset ? [i] : []));
  const summed = axes.length > 0 ? ops.sum(x, axes, true) : x;
  return offset > 0 ? ops.reshape(summed, shape) : summed;
}

/** Rule of an operation of two values from its two partial derivatives applied to dy, before broadcasting is undone. */
function binary(partials: <V>(ops: TapeOps<V>, dy: V, a: V, b: V, y: V) => readonly [() => V, () => V]): Rule {
  return ({ ops, inputs: [a, b], output, dy }) => {
    const [da, db] = partials(ops, dy, a, b, output);
    return [() => sumTo(ops, da(), ops.shape(a)), () => sumTo(ops, db(), ops.shape(b))];
  };
}

/** Rule of an operation of one value from its gradient; `x` and `y` are its input and output. */
function unary(gradient: <V>(ops: TapeOps<V>, dy: V, x: V, y: V) => V): Rule {
  return ({ ops, inputs: [x], output, dy }) => [() => gradient(ops, dy, x, output)];
}

const oneMinus = <V>(ops: TapeOps<V>, x: V): V => ops.sub(ops.scalar(1), x);

/** Gradient rules of the element-wise operations. */
export const elementwiseRules = {
  add: binary((_, dy) => [() => dy, () => dy]),
  sub: binary((ops, dy) => [() => dy, () => ops.neg(dy)]),
  mul: binary((ops, dy, a, b) => [() => ops.mul(dy, b), () => ops.mul(dy, a)]),
  div: binary((ops, dy, _, b, y) => [() => ops.div(dy, b), () => ops.neg(ops.div(ops.mul(dy, y), b))]),
  // If both are equal, the first one is chosen.
  maximum: binary((ops, dy, a, b) => [
    () => ops.mul(dy, oneMinus(ops, ops.step(ops.sub(b, a)))),
    () => ops.mul(dy, ops.step(ops.sub(b, a))),
  ]),
  neg: unary((ops, dy) => ops.neg(dy)),
  exp: unary((ops, dy, _, y) => ops.mul(dy, y)),
  log: unary((ops, dy, x) => ops.div(dy, x)),
  // dy / 2y where y > 0; the denominator is kept from 0 elsewhere.
  sqrt: unary((ops, dy, _, y) => {
    const positive = ops.step(y);
    return ops.div(ops.mul(dy, ops.mul(positive, ops.scalar(0.5))), ops.add(y, oneMinus(ops, positive)));
  }),
  square: unary((ops, dy, x) => ops.mul(dy, ops.mul(x, ops.scalar(2)))),
  abs: unary((ops, dy, x) => ops.mul(dy, ops.sub(ops.step(x), ops.step(ops.neg(x))))),
  relu: unary((ops, dy, _, y) => ops.mul(dy, ops.step(y))),
  relu6: unary((ops, dy, _, y) => ops.mul(dy, ops.mul(ops.step(y), ops.step(ops.sub(ops.scalar(6), y))))),
  sigmoid: unary((ops, dy, _, y) => ops.mul(dy, ops.mul(y, oneMinus(ops, y)))),
  tanh: unary((ops, dy, _, y) => ops.mul(dy, oneMinus(ops, ops.square(y)))),
  softplus: unary((ops, dy, x) => ops.mul(dy, ops.sigmoid(x))),
};

/** Gradient rule of leaky ReLU; the attribute is its slope. */
export const leakyReluRule: Rule<number> = ({ ops, inputs: [x], dy, attributes: slope }) => [
  () => ops.mul(dy, ops.add(ops.mul(ops.step(x), ops.scalar(1 - slope)), ops.scalar(slope))),
];
