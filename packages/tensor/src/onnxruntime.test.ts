import { describe, expect, it } from 'vitest';
import {
  createSession,
  directOutputsWork,
  hostTensor,
  ONNXRUNTIME_VERSION,
  onnxruntimeProblem,
  onnxruntimeVersion,
} from './onnxruntime.ts';
import { singleOperationModel } from './single-operation.ts';

const product = singleOperationModel(
  [
    { operator: 'MatMul', inputs: ['a', 'b'], outputs: ['ab'] },
    { operator: 'LeakyRelu', inputs: ['ab'], outputs: ['y'], attributes: { alpha: { float: 0.5 } } },
  ],
  [
    { name: 'a', shape: ['m', 2] },
    { name: 'b', shape: [2, 3] },
  ],
  [
    { name: 'ab', shape: ['m', 3] },
    { name: 'y', shape: ['m', 3] },
  ],
);

it('is the version whose private behaviour was checked', () => {
  expect(onnxruntimeVersion()).toBe(ONNXRUNTIME_VERSION);
});

const report = process.report.getReport() as { readonly header?: { readonly glibcVersionRuntime?: string } };

it.runIf(process.arch === 'x64' && report.header?.glibcVersionRuntime !== undefined)(
  'is found by its private path where it has a binary: nothing is skipped here',
  () => expect(onnxruntimeProblem()).toBeUndefined(),
);

describe.skipIf(onnxruntimeProblem() !== undefined)('sessions', () => {
  it('writes preallocated outputs without a copy in the pinned version', () => {
    expect(directOutputsWork()).toBe(true);
  });

  for (const direct of [true, false])
    it(`gives the same values ${direct ? 'direct' : 'copying'}`, () => {
      const session = createSession(product, { direct });
      const a = Float32Array.of(1, 2, -3, 4);
      const feeds = { a: hostTensor(a, [2, 2]), b: hostTensor(Float32Array.of(1, 0, -1, 0, 1, -1), [2, 3]) };
      const [ab, y] = [new Float32Array(6), new Float32Array(8).subarray(1, 7)];
      session.run(feeds, { ab: hostTensor(ab, [2, 3]), y: hostTensor(y, [2, 3]) });
      expect([...ab]).toEqual([1, 2, -3, -3, 4, -1]);
      expect([...y]).toEqual([1, 2, -1.5, -1.5, 4, -0.5]);
      a[0] = 5;
      session.run(feeds, { y: hostTensor(y, [2, 3]) });
      expect([...y]).toEqual([5, 2, -3.5, -1.5, 4, -0.5]);
      session.dispose();
    });

  it('says which model failed and why', () => {
    const session = createSession(product, { name: 'the product' });
    const a = hostTensor(new Float32Array(3), [1, 3]);
    const b = hostTensor(new Float32Array(6), [2, 3]);
    const y = hostTensor(new Float32Array(3), [1, 3]);
    expect(() => session.run({ a, b }, { y })).toThrow(/failed in the product: .*dimensions/s);
    session.dispose();
    expect(() => createSession(Uint8Array.of(1, 2, 3), { name: 'rubbish' })).toThrow(/rejected rubbish/);
  });
});
