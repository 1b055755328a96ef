import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createEagerEngine } from '../backends.ts';
import { registerCpuBackend } from './cpu-kernels.ts';

beforeAll(() => createEagerEngine('cpu'));

const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });

/** A tensor whose elements are their own numbers, and where an element stands. */
function numbered(shape: readonly number[]) {
  const size = shape.reduce((a, b) => a * b, 1);
  const x = tf.tensor(
    Float32Array.from({ length: size }, (_, i) => i + 1),
    [...shape],
  );
  return { x, at: (place: readonly number[]) => 1 + place.reduce((sum, n, i) => sum * shape[i] + n, 0) };
}

/** Every element of a result, which a function of its place must give. */
function expectPlaces(result: tf.Tensor, expected: (place: readonly number[]) => number): void {
  const values = result.dataSync();
  for (let i = 0; i < values.length; i++) {
    const place = [...result.shape];
    for (let axis = place.length - 1, rest = i; axis >= 0; axis--) {
      place[axis] = rest % result.shape[axis];
      rest = Math.floor(rest / result.shape[axis]);
    }
    expect(values[i], `${place}`).toBe(expected(place));
  }
}

describe('copies on the plain backend', () => {
  it('are what the engine has registered, once', async () => {
    const kernels = () => [tf.Transpose, tf.PadV2, tf.Slice].map((name) => tf.getKernel(name, 'cpu').kernelFunc);
    const registered = kernels();
    await registerCpuBackend();
    expect(kernels()).toEqual(registered);
  });

  it('transpose', () => {
    const cases = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.shuffledSubarray([...shape.keys()], { minLength: shape.length, maxLength: shape.length }),
      ),
    );
    fc.assert(
      fc.property(cases, ([shape, order]) => {
        const { x, at } = numbered(shape);
        expectPlaces(tf.transpose(x, order), (place) => at(shape.map((_, axis) => place[order.indexOf(axis)])));
      }),
    );
  });

  it('pad', () => {
    const cases = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.tuple(...shape.map(() => fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })))),
        fc.constantFrom(0, -7),
      ),
    );
    fc.assert(
      fc.property(cases, ([shape, around, value]) => {
        const { x, at } = numbered(shape);
        expectPlaces(tf.pad(x, around, value), (place) => {
          const inside = place.map((n, i) => n - around[i][0]);
          return inside.every((n, i) => n >= 0 && n < shape[i]) ? at(inside) : value;
        });
      }),
    );
  });

  it('slice, in steps and backwards', () => {
    const steps = fc.constantFrom(1, 2, 3, -1, -2);
    const cases = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.tuple(...shape.map((n) => fc.tuple(fc.nat(n - 1), steps, fc.integer({ min: 1, max: n })))),
      ),
    );
    fc.assert(
      fc.property(cases, ([shape, axes]) => {
        const { x, at } = numbered(shape);
        const begin = axes.map(([start]) => start);
        const sizes = axes.map(([start, , size], i) => Math.min(size, shape[i] - start));
        const shifted = (place: readonly number[]) => at(place.map((n, i) => n + begin[i]));
        expectPlaces(tf.slice(x, begin, sizes), shifted);
        const counts = axes.map(([start, step], i) => (step > 0 ? Math.ceil((shape[i] - start) / step) : start + 1));
        const taken = axes.map(([, step], i) => (step > 0 ? counts[i] : Math.ceil(counts[i] / -step)));
        // An end before the beginning is written as a number below -n.
        const end = axes.map(([, step], i) => (step > 0 ? shape[i] : -shape[i] - 1));
        const result = tf.stridedSlice(
          x,
          begin,
          end,
          axes.map(([, step]) => step),
        );
        expect(result.shape).toEqual(taken);
        expectPlaces(result, (place) => at(place.map((n, i) => begin[i] + n * axes[i][1])));
        const turned = [...shape.keys()].filter((axis) => axis % 2 === 0);
        expectPlaces(tf.reverse(x, turned), (place) =>
          at(place.map((n, i) => (turned.includes(i) ? shape[i] - 1 - n : n))),
        );
      }),
    );
  });
});
