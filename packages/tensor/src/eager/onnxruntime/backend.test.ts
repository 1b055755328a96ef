import * as tf from '@tensorflow/tfjs-core';
import { SeedTree } from '@unseen/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEagerEngine } from '../../backends.ts';
import { conformanceSuite } from '../../conformance.suite.ts';
import { onnxruntimeProblem } from '../../onnxruntime.ts';
import { Parameter } from '../../parameter.ts';
import type { Engine, Program } from '../../program.ts';
import { EagerEngine } from '../engine.ts';
import type { OnnxRuntimeBackend } from './backend.ts';
import { BufferPool } from './buffers.ts';
import { registerOnnxRuntimeBackend } from './kernels.ts';

describe('the pool of buffers', () => {
  it('gives no memory to two holders, and all of it back', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('take' as const), length: fc.integer({ min: 1000, max: 6000 }) }),
      fc.record({ kind: fc.constantFrom('view', 'release', 'surrender'), which: fc.nat(50) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const pool = new BufferPool();
        const held: Float32Array[] = [];
        const seen = new Set<ArrayBufferLike>();
        for (const step of actions) {
          if (step.kind === 'take') {
            const taken = pool.take(step.length);
            expect(taken.length).toBe(step.length);
            expect(held.map(({ buffer }) => buffer)).not.toContain(taken.buffer);
            expect(seen).not.toContain(taken.buffer);
            pool.retain(taken);
            held.push(taken);
          } else if (held.length > 0) {
            const at = step.which % held.length;
            const array = held[at];
            if (step.kind === 'view') {
              const view = array.subarray(1, 3);
              pool.retain(view);
              held.push(view);
            } else if (step.kind === 'release') {
              held.splice(at, 1);
              pool.release(array);
            } else {
              seen.add(array.buffer);
              pool.surrender(array);
            }
          }
          const pooled = held.filter(({ buffer }) => buffer.byteLength >= 4096 && !seen.has(buffer));
          expect(pool.inUse).toBe(new Set(pooled.map(({ buffer }) => buffer)).size);
        }
        for (const array of held) pool.release(array);
        expect(pool.inUse).toBe(0);
      }),
    );
  });

  it('uses memory again for similar lengths, and keeps no more than its limit', () => {
    const pool = new BufferPool(12_000);
    const [first, second] = [pool.take(2000), pool.take(2000)];
    pool.retain(first);
    pool.release(first);
    pool.release(second);
    expect(pool.idleBytes).toBe(first.buffer.byteLength);
    expect(pool.take(1900).buffer).toBe(first.buffer);
    expect(pool.take(1900).buffer).not.toBe(second.buffer);
  });
});

describe.skipIf(onnxruntimeProblem() !== undefined)('the onnxruntime backend of the eager engine', () => {
  // Every kernel, however small the tensors are.
  const createEngine = async (): Promise<Engine> => {
    tf.env().set('PROD', true);
    registerOnnxRuntimeBackend('onnxruntime-always', 1);
    await tf.setBackend('onnxruntime-always');
    return new EagerEngine('onnxruntime-always');
  };

  conformanceSuite('onnxruntime, operation by operation', createEngine);

  describe('memory', () => {
    let engine: Engine;
    let backend: OnnxRuntimeBackend;
    beforeAll(async () => {
      engine = await createEagerEngine('onnxruntime');
      backend = tf.backend() as OnnxRuntimeBackend;
    });
    afterAll(() => engine.dispose());

    const filter = new Parameter([8, 4, 3, 3], { values: new Float32Array(288).fill(0.01) });
    const shape = [1, 32, 32, 4] as const;
    const program: Program = {
      name: 'network',
      inputs: { x: { shape, dtype: 'float32' } },
      training: true,
      describe(ops, { x }) {
        const noisy = ops.add(x, ops.normal(shape));
        const y = ops.relu(ops.conv2d(noisy, ops.parameter(filter), { dilation: 2, padding: [2, 2, 2, 2] }));
        const loss = ops.mean(ops.square(ops.maxPool(y, { size: 2, stride: 2 })));
        return { outputs: { y }, losses: { loss: { value: loss, parameters: [filter] } } };
      },
    };
    const feeds = { x: new Float32Array(4096).fill(0.5) };

    it('is used again step after step, and free in the end', () => {
      const before = backend.buffers.inUse;
      const tensors = tf.memory().numTensors;
      const executable = engine.compile(program);
      const random = new SeedTree(1).stream();
      executable.run(feeds, random);
      executable.run(feeds, random);
      const { inUse, idleBytes } = backend.buffers;
      expect(inUse).toBeGreaterThan(before);
      expect(idleBytes).toBeGreaterThan(0);
      for (let i = 0; i < 30; i++) executable.run(feeds, random);
      expect(backend.buffers.inUse).toBe(inUse);
      expect(backend.buffers.idleBytes).toBe(idleBytes);
      executable.dispose();
      expect(backend.buffers.inUse).toBe(before);
      // The filter stays until the engine goes.
      expect(tf.memory().numTensors).toBe(tensors + 1);
    });

    it('does not change under what was read', async () => {
      const executable = engine.compile(program);
      const random = new SeedTree(1).stream();
      const y = await executable.run(feeds, random).read('y');
      const copy = y.slice();
      for (let i = 0; i < 3; i++) executable.run(feeds, random);
      expect(y).toEqual(copy);
      expect(y.some((value) => value > 0)).toBe(true);
      executable.dispose();
    });

    it('does not change under a slice whose whole is gone', async () => {
      const whole = tf.exp(tf.zeros([64, 1024]));
      const part = tf.slice(whole, [2, 0], [4, 1024]);
      whole.dispose();
      const others = [1, 2, 3].map((value) => tf.add(tf.fill([64, 1024], value), 1));
      expect(new Set(await part.data())).toEqual(new Set([1]));
      tf.dispose([part, others]);
    });

    it('comes back after a conversion', () => {
      const x = tf.ones([64, 1024]);
      const chosen = tf.cast(tf.greater(x, 0), 'float32');
      backend.buffers.clear();
      tf.mul(x, chosen).dispose();
      // The converted operand and the product.
      expect(backend.buffers.idleBytes).toBe(2 * 4 * x.size);
      tf.dispose([x, chosen]);
    });

    it('gives the values of the plain backend for large tensors', async () => {
      const random = new SeedTree(2).stream();
      const [map, weights] = [new Float32Array(40 * 40 * 16), new Float32Array(16 * 9 * 4)];
      random.fillNormal(map);
      random.fillNormal(weights);
      const compute = () =>
        tf.tidy(() => {
          const x = tf.tensor4d(map, [1, 40, 40, 16]);
          const convolved = tf.conv2d(x, tf.tensor4d(weights, [3, 3, 16, 4]), 2, 'same');
          const depthwise = tf.depthwiseConv2d(x, tf.tensor4d(weights, [3, 3, 16, 4]), 1, 'same', 'NHWC', 3);
          const chosen = tf.cast(tf.greater(x, 0), 'float32');
          return [
            convolved,
            depthwise,
            tf.mul(x, chosen),
            tf.mean(x, [1, 2], true),
            tf.sum(x, []),
            tf.stridedSlice(x, [0, -1, 0, 0], [1, 0, 40, 16], [1, -2, 3, 1]),
            tf.softmax(x),
            tf.leakyRelu(x, 0.3),
            tf.step(x, 0.5),
          ];
        });
      const ours = compute();
      await tf.setBackend('cpu');
      const plain = compute();
      for (const [i, tensor] of ours.entries()) {
        expect(tensor.shape).toEqual(plain[i].shape);
        const [a, b] = [Float32Array.from(await tensor.data()), Float32Array.from(await plain[i].data())];
        const largest = Math.max(...b.map(Math.abs));
        expect(Math.max(...a.map((value, k) => Math.abs(value - b[k])))).toBeLessThan(1e-5 * largest);
      }
      tf.dispose([ours, plain]);
    });
  });
});
