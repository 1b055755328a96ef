import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ops } from '../ops.ts';
import type { Engine } from '../program.ts';
import { type Shape, windowOutput } from '../shape.ts';
import { spreadValues, windowCase } from './case.suite.ts';
import { cases } from './cases.suite.ts';
import { checkCase, expectClose, pure } from './check.suite.ts';

const between = (min: number, max: number) => fc.integer({ min, max });

/** Geometries of windows that fit their map. */
const geometries = fc
  .record({
    map: fc.tuple(between(1, 2), between(1, 7), between(1, 7), between(1, 3)),
    outputs: between(1, 3),
    kernel: fc.tuple(between(1, 3), between(1, 3)),
    stride: between(1, 3),
    dilation: between(1, 3),
    padding: fc.tuple(between(0, 2), between(0, 2), between(0, 2), between(0, 2)),
  })
  .filter(({ map, kernel, stride, dilation, padding: [top, bottom, left, right] }) => {
    const rows = windowOutput(map[1], kernel[0], stride, dilation, top + bottom);
    return rows > 0 && windowOutput(map[2], kernel[1], stride, dilation, left + right) > 0;
  });

/** Geometries of pools: square windows, never wholly in the padding. */
const poolGeometries = geometries
  .map((geometry) => ({ ...geometry, kernel: [geometry.kernel[0], geometry.kernel[0]] as const, dilation: 1 }))
  .filter(({ map, kernel: [size], padding }) => {
    const [top, bottom, left, right] = padding;
    return Math.max(...padding) < size && map[1] + top + bottom >= size && map[2] + left + right >= size;
  });

/** Shapes that broadcast against each other. */
const broadcastPairs = fc
  .array(fc.tuple(between(1, 4), fc.constantFrom('both', 'left', 'right')), { minLength: 1, maxLength: 4 })
  .chain((axes) =>
    fc.record({
      left: fc.constant(axes.map(([n, who]) => (who === 'right' ? 1 : n))),
      right: fc.constant(axes.map(([n, who]) => (who === 'left' ? 1 : n))),
      missing: between(0, axes.length),
    }),
  )
  .map(({ left, right, missing }) => [left, right.slice(right.findIndex((n, i) => n > 1 || i >= missing))] as const);

/** Values and gradients of every operation. */
export function operationsSuite(
  engineOf: () => Engine,
  { thorough = true }: { readonly thorough?: boolean } = {},
): void {
  describe('operations', () => {
    for (const { twice = true, ...aCase } of cases)
      it(aCase.name, () => checkCase(engineOf(), { ...aCase, twice: twice && thorough }));
  });

  describe.skipIf(!thorough)('random geometries', () => {
    for (const kind of ['conv2d', 'depthwiseConv2d', 'maxPool', 'averagePool'] as const)
      it(kind, async () => {
        const drawn = kind === 'conv2d' || kind === 'depthwiseConv2d' ? geometries : poolGeometries;
        const property = fc.asyncProperty(drawn, (geometry) => checkCase(engineOf(), windowCase(kind, geometry)));
        await fc.assert(property, { numRuns: 25 });
      });

    it('broadcasting', async () => {
      const property = fc.asyncProperty(broadcastPairs, ([left, right]) =>
        checkCase(engineOf(), {
          name: `[${left}] * [${right}]`,
          inputs: [spreadValues(left), spreadValues(right, 1)],
          build: (ops, [a, b]) => ops.add(ops.mul(a, b), ops.sub(b, a)),
        }),
      );
      await fc.assert(property, { numRuns: 25 });
    });

    it('resizing', async () => {
      const size = fc.tuple(between(1, 6), between(1, 6));
      const property = fc.asyncProperty(size, size, between(1, 3), ([h, w], to, channels) =>
        checkCase(engineOf(), {
          name: `${h}x${w} to ${to}`,
          inputs: [spreadValues([1, h, w, channels])],
          build: (ops, [x]) =>
            ops.concat(
              [ops.resizeBilinear(x, to), ops.resizeBilinear(x, to, 'alignCorners'), ops.resizeNearest(x, to)],
              0,
            ),
        }),
      );
      await fc.assert(property, { numRuns: 25 });
    });
  });

  describe('hand-made numbers', () => {
    const evaluate = async (shape: Shape, values: number[], build: <V>(ops: Ops<V>, x: V) => V) => {
      const program = pure('by hand', { x: { shape, dtype: 'float32' } }, (ops, [x]) => build(ops, x));
      const executable = engineOf().compile(program);
      const result = [...(await executable.run({ x: Float32Array.from(values) }).read('y'))];
      executable.dispose();
      return result;
    };
    const slopeOf = (values: number[], build: <V>(ops: Ops<V>, x: V) => V) =>
      evaluate([values.length], values, (ops, x) => ops.gradients(build(ops, x), [x])[0]);

    it('resizes in both conventions', async () => {
      const line = [0, 10];
      const bilinear = (convention: 'halfPixel' | 'alignCorners') =>
        evaluate([1, 1, 2, 1], line, (ops, x) => ops.resizeBilinear(x, [1, 4], convention));
      expectClose(await bilinear('halfPixel'), [0, 2.5, 7.5, 10], 'half-pixel');
      expectClose(await bilinear('alignCorners'), [0, 10 / 3, 20 / 3, 10], 'aligned');
      const nearest = evaluate([1, 1, 3, 1], [1, 2, 3], (ops, x) => ops.resizeNearest(x, [1, 5]));
      expect(await nearest).toEqual([1, 1, 2, 2, 3]);
    });

    it('counts no padding in pools', async () => {
      const options = { size: 2, stride: 2, padding: [1, 0, 1, 0] } as const;
      const mean = evaluate([1, 3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9], (ops, x) => ops.averagePool(x, options));
      expectClose(await mean, [1, 2.5, 5.5, 7], 'averages');
      const most = evaluate([1, 1, 1, 1], [-5], (ops, x) => ops.maxPool(x, { ...options, stride: 1 }));
      expect(await most).toEqual([-5]);
    });

    it('stays finite where naive formulas overflow', async () => {
      expectClose(await evaluate([2], [100, -100], (ops, x) => ops.softplus(x)), [100, 0], 'softplus');
      expectClose(await slopeOf([100, -100], (ops, x) => ops.softplus(x)), [1, 0], 'softplus slope');
      const logits = await evaluate([1, 3], [1000, 0, -1000], (ops, x) => ops.logSoftmax(x));
      expectClose(logits, [0, -1000, -2000], 'logSoftmax');
      const probabilities = await evaluate([1, 2], [500, -500], (ops, x) => ops.softmax(x));
      expectClose(probabilities, [1, 0], 'softmax');
      expectClose(await evaluate([2], [-200, 200], (ops, x) => ops.sigmoid(x)), [0, 1], 'sigmoid');
    });

    it('has the promised gradients at kinks', async () => {
      expect(await slopeOf([0, 4], (ops, x) => ops.sqrt(x))).toEqual([0, 0.25]);
      expect((await slopeOf([0, -2, 3], (ops, x) => ops.abs(x))).map((v) => v + 0)).toEqual([0, -1, 1]);
      expect((await slopeOf([0, -1, 1], (ops, x) => ops.relu(x))).map((v) => v + 0)).toEqual([0, 0, 1]);
      expect(await slopeOf([7, 6.5, 3], (ops, x) => ops.relu6(x))).toEqual([0, 0, 1]);
    });

    it('gives equal maxima of a window to one cell', async () => {
      const slope = await evaluate([1, 2, 2, 1], [3, 3, 3, 3], (ops, x) => {
        return ops.gradients(ops.maxPool(x, { size: 2, stride: 1 }), [x])[0];
      });
      expect(slope.reduce((sum, v) => sum + v, 0)).toBe(1);
    });

    it('stops gradients', async () => {
      expect(await slopeOf([2, 3], (ops, x) => ops.mul(x, ops.stopGradient(x)))).toEqual([2, 3]);
      expect(await slopeOf([2, 3], (ops, x) => ops.stopGradient(ops.exp(x)))).toEqual([0, 0]);
      expect(await slopeOf([2, 3], (_, x) => x)).toEqual([1, 1]);
    });
  });
}
