import { SeedTree } from '@unseen/core';
import { describe, expect, it } from 'vitest';
import type { Ops } from '../ops.ts';
import { Parameter } from '../parameter.ts';
import type { Engine, Program, UpdateRule } from '../program.ts';
import { type Shape, sizeOf } from '../shape.ts';
import { spreadValues } from './case.suite.ts';
import { expectClose, pure } from './check.suite.ts';

/** Momentum and a bias-corrected second moment: what optimizers are made of. */
const rule: UpdateRule = {
  name: 'test rule',
  slots: ['momentum', 'square'],
  scalars: ['rate', 'correction'],
  update(ops, weights, gradient, { momentum, square }, { rate, correction }) {
    const m = ops.add(ops.mul(momentum, ops.scalar(0.9)), gradient);
    const s = ops.add(ops.mul(square, ops.scalar(0.99)), ops.mul(ops.square(gradient), ops.scalar(0.01)));
    const scaled = ops.div(m, ops.add(ops.sqrt(ops.div(s, correction)), ops.scalar(1e-3)));
    return { weights: ops.sub(weights, ops.mul(scaled, rate)), slots: { momentum: m, square: s } };
  },
};

/** Two losses that share a parameter. */
function sharedProgram(x: Parameter, y: Parameter): Program {
  return {
    name: 'shared',
    inputs: { factor: { shape: [], dtype: 'float32' } },
    training: true,
    describe(ops, { factor }) {
      const [a, b] = [ops.parameter(x), ops.parameter(y)];
      const product = ops.mul(ops.mul(a, b), factor);
      return {
        outputs: { product },
        losses: {
          linear: { value: ops.sum(product), parameters: [x, y] },
          quadratic: { value: ops.sum(ops.square(a)), parameters: [x] },
        },
      };
    },
  };
}

/** Noise, losses, updates, and the life of values. */
export function runsSuite(engineOf: () => Engine): void {
  describe('noise', () => {
    const program: Program = {
      name: 'noisy',
      inputs: {},
      describe: (ops) => ({
        outputs: { a: ops.normal([3, 5]), b: ops.bernoulli([7], 0.3), c: ops.normal([3, 5]) },
      }),
    };

    it('draws from the stream in the order of the description, new at every run', async () => {
      const executable = engineOf().compile(program);
      const [ours, theirs] = [new SeedTree(3).stream(), new SeedTree(3).stream()];
      for (let run = 0; run < 2; run++) {
        const result = executable.run({}, theirs);
        expect([...(await result.read('a'))]).toEqual([...ours.fillNormal(new Float32Array(15))]);
        expect([...(await result.read('b'))]).toEqual([...ours.fillBernoulli(new Uint8Array(7), 0.3)]);
        expect([...(await result.read('c'))]).toEqual([...ours.fillNormal(new Float32Array(15))]);
      }
      executable.dispose();
    });

    it('needs a stream', () => {
      const executable = engineOf().compile(program);
      expect(() => executable.run({})).toThrow(/random stream/);
      executable.dispose();
    });
  });

  describe('runs', () => {
    const make = (values: number[]) => new Parameter([values.length], { values: Float32Array.from(values) });
    const gradientOf = async (gradient: unknown, size: number) => {
      const target = new Parameter([size]);
      const reader = engineOf().updater({
        name: 'copy',
        slots: [],
        scalars: [],
        update: (ops, weights, g) => ({ weights: ops.add(weights, g), slots: {} }),
      });
      reader.apply(target, gradient, {}, {});
      await engineOf().pull([target]);
      reader.dispose();
      return [...target.values];
    };

    it('takes all gradients at the same weights and keeps those of each loss apart', async () => {
      const [x, y] = [make([1, 2]), make([3, 5])];
      const executable = engineOf().compile(sharedProgram(x, y));
      expect(executable.outputs).toEqual({ product: [2], linear: [], quadratic: [] });
      const result = executable.run({ factor: Float32Array.of(2) });
      expect([...(await result.read('product'))]).toEqual([6, 20]);
      expect(await result.scalar('linear')).toBe(26);
      expect(await result.scalar('quadratic')).toBe(5);
      expect(await gradientOf(result.gradients.linear.get(x), 2)).toEqual([6, 10]);
      expect(await gradientOf(result.gradients.linear.get(y), 2)).toEqual([2, 4]);
      expect(await gradientOf(result.gradients.quadratic.get(x), 2)).toEqual([2, 4]);
      expect(result.gradients.quadratic.has(y)).toBe(false);
      executable.dispose();
    });

    it('sees what the host assigns', async () => {
      const [x, y] = [make([1, 2]), make([3, 5])];
      const executable = engineOf().compile(sharedProgram(x, y));
      executable.run({ factor: Float32Array.of(1) });
      x.assign(Float32Array.of(10, 20));
      expect(await executable.run({ factor: Float32Array.of(1) }).scalar('linear')).toBe(130);
      executable.dispose();
    });

    it('gives zeros for parameters that a loss does not depend on', async () => {
      const [x, y] = [make([1, 2]), make([3, 5])];
      const executable = engineOf().compile({
        name: 'independent',
        inputs: {},
        describe: (ops) => ({
          outputs: {},
          losses: { loss: { value: ops.sum(ops.parameter(x)), parameters: [x, y] } },
        }),
      });
      const { gradients } = executable.run({});
      expect(await gradientOf(gradients.loss.get(x), 2)).toEqual([1, 1]);
      expect(await gradientOf(gradients.loss.get(y), 2)).toEqual([0, 0]);
      executable.dispose();
    });

    it('knows whether it trains', async () => {
      const program = pure('mode', {}, (ops) => ops.scalar(ops.training ? 1 : 0));
      for (const training of [true, false]) {
        const executable = engineOf().compile({ ...program, training });
        expect(await executable.run({}).scalar('y')).toBe(Number(training));
        executable.dispose();
      }
    });

    it('takes integers from bytes', async () => {
      const program = pure('labels', { x: { shape: [3], dtype: 'int32' } }, (ops, [x]) => ops.oneHot(x, 2));
      const executable = engineOf().compile(program);
      expect([...(await executable.run({ x: Uint8Array.of(1, 255, 0) }).read('y'))]).toEqual([0, 1, 0, 0, 1, 0]);
      executable.dispose();
    });

    it('refuses what does not fit', () => {
      const program = pure('twice', { x: { shape: [2], dtype: 'float32' } }, (ops, [x]) => ops.add(x, x));
      const executable = engineOf().compile(program);
      expect(() => executable.run({})).toThrow(/'x'/);
      expect(() => executable.run({ x: new Float32Array(3) })).toThrow(/'x'.*3/);
      expect(() => executable.run({ x: new Float32Array(2), z: new Float32Array(2) })).toThrow(/'z'/);
      executable.dispose();
      const product = { a: { shape: [2, 3], dtype: 'float32' }, b: { shape: [2, 3], dtype: 'float32' } } as const;
      expect(() => engineOf().compile(pure('unfit', product, (ops, [a, b]) => ops.matMul(a, b)))).toThrow(/2,3/);
      const frozen = new Parameter([1], { trainable: false });
      const losses = <V>(ops: Ops<V>) => ({ loss: { value: ops.parameter(frozen), parameters: [frozen] } });
      const training: Program = {
        name: 'frozen',
        inputs: {},
        describe: (ops) => ({ outputs: {}, losses: losses(ops) }),
      };
      expect(() => engineOf().compile(training)).toThrow(/not trainable/);
    });
  });

  describe('updates', () => {
    it("take another parameter's latest values in place of a gradient, wherever they are", async () => {
      const [source, target] = [1, 10].map((x) => new Parameter([2], { values: Float32Array.of(x, 3 * x) }));
      const updater = engineOf().updater({
        name: 'halfway',
        slots: [],
        scalars: [],
        update: (ops, weights, other) => ({
          weights: ops.mul(ops.add(weights, other), ops.scalar(0.5)),
          slots: {},
        }),
      });
      updater.apply(target, source, {}, {});
      updater.apply(source, target, {}, {});
      updater.apply(target, source, {}, {});
      await engineOf().pull([source, target]);
      expect([...source.values]).toEqual([3.25, 9.75]);
      expect([...target.values]).toEqual([4.375, 13.125]);
      updater.dispose();
    });

    it('follow their rule, step after step, for parameters of any size', async () => {
      const shapes: Shape[] = [[1], [2, 3, 1, 1], [1009]];
      const parameters = shapes.map(
        (shape) => new Parameter(shape, { values: spreadValues(shape).values as Float32Array }),
      );
      const expected = parameters.map(({ values }) => ({
        weights: Float64Array.from(values),
        momentum: new Float64Array(values.length),
        square: new Float64Array(values.length),
      }));
      const slots = shapes.map((shape) => ({ momentum: new Parameter(shape), square: new Parameter(shape) }));
      const executable = engineOf().compile({
        name: 'bowl',
        inputs: {},
        describe(ops) {
          const bowls = parameters.map((parameter) =>
            ops.sum(ops.square(ops.sub(ops.parameter(parameter), ops.scalar(0.5)))),
          );
          return { outputs: {}, losses: { loss: { value: bowls.reduce((a, b) => ops.add(a, b)), parameters } } };
        },
      });
      const updater = engineOf().updater(rule);
      for (let step = 1; step <= 4; step++) {
        const scalars = { rate: 0.1 / step, correction: 1 - 0.99 ** step };
        const { loss } = executable.run({}).gradients;
        parameters.forEach((parameter, k) => {
          updater.apply(parameter, loss.get(parameter), slots[k], scalars);
          const { weights, momentum, square } = expected[k];
          weights.forEach((w, i) => {
            const gradient = 2 * (w - 0.5);
            momentum[i] = 0.9 * momentum[i] + gradient;
            square[i] = 0.99 * square[i] + 0.01 * gradient ** 2;
            weights[i] -= (scalars.rate * momentum[i]) / (Math.sqrt(square[i] / scalars.correction) + 1e-3);
          });
        });
      }
      await engineOf().pull([...parameters, ...slots.flatMap((slot) => Object.values(slot))]);
      parameters.forEach(({ values }, k) => {
        expect(values.length).toBe(sizeOf(shapes[k]));
        expectClose(values, expected[k].weights, `weights ${k}`);
        expectClose(slots[k].momentum.values, expected[k].momentum, `momentum ${k}`);
        expectClose(slots[k].square.values, expected[k].square, `square ${k}`);
      });
      updater.dispose();
      executable.dispose();
    });
  });
}
