import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../shape.ts';

type Info = tf.TensorInfo;

/** Which element goes where, along each axis of the copy. */
interface Walk {
  readonly shape: Shape;
  readonly from: { readonly start: number; readonly strides: readonly number[] };
  readonly to: { readonly start: number; readonly strides: readonly number[] };
}

/** What is copied, the shape of the target and its fill value; undefined if there is nothing to copy. */
type Planner<Attributes> = (
  x: Info,
  attributes: Attributes,
) => { readonly shape: Shape; readonly walk: Walk; readonly fill?: number } | undefined;

function stridesOf(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

const offset = (at: Shape, strides: readonly number[]) => at.reduce((sum, n, i) => sum + n * strides[i], 0);

const transpose: Planner<tf.TransposeAttrs> = (x, { perm }) => {
  const shape = perm.map((axis) => x.shape[axis]);
  const strides = stridesOf(x.shape);
  const from = { start: 0, strides: perm.map((axis) => strides[axis]) };
  return { shape, walk: { shape, from, to: { start: 0, strides: stridesOf(shape) } } };
};

const pad: Planner<tf.PadV2Attrs> = (x, { paddings, constantValue }) => {
  const shape = paddings.map(([before, after], i) => before + x.shape[i] + after);
  const strides = stridesOf(shape);
  const start = offset(
    paddings.map(([before]) => before),
    strides,
  );
  const from = { start: 0, strides: stridesOf(x.shape) };
  return { shape, fill: constantValue, walk: { shape: x.shape, from, to: { start, strides } } };
};

const slice: Planner<tf.SliceAttrs> = (x, attributes) => {
  const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, attributes.begin, attributes.size);
  tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size);
  if (tf.slice_util.isSliceContinous(x.shape, begin, size)) return undefined;
  const strides = stridesOf(x.shape);
  const from = { start: offset(begin, strides), strides };
  return { shape: size, walk: { shape: size, from, to: { start: 0, strides: stridesOf(size) } } };
};

const stridedSlice: Planner<tf.StridedSliceAttrs> = (x, attributes) => {
  const { beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attributes;
  const masks = [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] as const;
  const found = tf.slice_util.sliceInfo(x.shape, attributes.begin, attributes.end, attributes.strides, ...masks);
  if (found.isIdentity || found.begin.length !== x.shape.length) return undefined;
  const size = tf.slice_util.computeOutShape(found.begin, found.end, found.strides);
  const strides = stridesOf(x.shape);
  const from = { start: offset(found.begin, strides), strides: strides.map((n, i) => n * found.strides[i]) };
  return { shape: found.finalShape, walk: { shape: size, from, to: { start: 0, strides: stridesOf(size) } } };
};

const reverse: Planner<tf.ReverseAttrs> = (x, { dims }) => {
  const turned = tf.util.parseAxisParam(dims, x.shape);
  const strides = stridesOf(x.shape);
  const ends = x.shape.map((n, i) => (turned.includes(i) ? n - 1 : 0));
  const from = { start: offset(ends, strides), strides: strides.map((n, i) => (turned.includes(i) ? -n : n)) };
  return { shape: x.shape, walk: { shape: x.shape, from, to: { start: 0, strides } } };
};

const planners: Readonly<Record<string, Planner<never>>> = {
  [tf.Transpose]: transpose,
  [tf.PadV2]: pad,
  [tf.Slice]: slice,
  [tf.StridedSlice]: stridedSlice,
  [tf.Reverse]: reverse,
};

/** Copies the last axis in one go and loops over the others. */
function copy(source: Float32Array, target: Float32Array, { shape, from, to }: Walk): void {
  const last = shape.length - 1;
  const [across, down] = [from.strides, to.strides];
  const recurse = (level: number, read: number, write: number) => {
    const count = shape[level];
    if (level < last) {
      for (let i = 0; i < count; i++) recurse(level + 1, read + i * across[level], write + i * down[level]);
    } else if (across[level] === 1 && down[level] === 1 && count > 16) {
      target.set(source.subarray(read, read + count), write);
    } else {
      for (let i = 0; i < count; i++) target[write + i * down[level]] = source[read + i * across[level]];
    }
  };
  recurse(0, from.start, to.start);
}

function copyingKernel(planner: Planner<never>, plain: tf.KernelFunc): tf.KernelFunc {
  return (call) => {
    const x = call.inputs.x as Info;
    const backend = call.backend as MathBackendCPU;
    const values = backend.data.get(x.dataId)?.values;
    const plan = values instanceof Float32Array && x.shape.length > 0 ? planner(x, call.attrs as never) : undefined;
    if (!plan) return plain(call);
    const result = new Float32Array(sizeOf(plan.shape));
    if (plan.fill) result.fill(plan.fill);
    copy(values as Float32Array, result, plan.walk);
    return backend.makeTensorInfo([...plan.shape], x.dtype, result);
  };
}

let registered = false;

/**
 * Replaces those kernels of tfjs-backend-cpu that copy float32 values: they allocate an array of coordinates for every
 * element, and these do not.
 */
export async function registerCpuBackend(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu');
  if (registered) return;
  registered = true;
  for (const { kernelName, kernelFunc: plain, ...rest } of tf.getKernelsForBackend('cpu')) {
    const planner = planners[kernelName];
    if (!planner) continue;
    tf.unregisterKernel(kernelName, 'cpu');
    tf.registerKernel({ ...rest, kernelName, kernelFunc: copyingKernel(planner, plain) });
  }
}
