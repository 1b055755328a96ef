import * as tf from '@tensorflow/tfjs-core';
import { broadcastShape, type Shape, sizeOf } from '../../shape.ts';
import type { ModelNode } from '../../single-operation.ts';
import { OnnxRuntimeBackend, type Operation } from './backend.ts';

type Info = tf.TensorInfo;

/** What a kernel computes, and the cost of tfjs-backend-cpu's kernel in multiply-adds of its matrix product. */
interface Plan extends Operation {
  readonly work: number;
}

/** Undefined if ONNX Runtime does not support it, or if the plain kernel has nothing to compute. */
type Planner<Attributes> = (inputs: readonly Info[], attributes: Attributes) => Plan | undefined;

/** The work at which both take the same time. This and the following constants are measured. */
const SMALLEST_WORK = 16_384;
/** Work of the plain kernels per element: a simple operation, … */
const SIMPLE = 2;
/** … an exponential or similar, … */
const TRANSCENDENTAL = 10;
/** … finding an element's coordinates first, … */
const LOCATED = 30;
/** … and its softmax, which broadcasts twice. */
const SOFTMAX = 150;

type Attributes = ModelNode['attributes'];

const node = (operator: string, inputs: readonly string[], attributes?: Attributes, output = 'y'): ModelNode => ({
  operator,
  inputs,
  outputs: [output],
  attributes,
});
const constant = (name: string, attributes: Attributes): ModelNode => node('Constant', [], attributes, name);
const viewed = ({ dataId }: Info, shape: Shape) => ({ dataId, shape });

/** Element-wise. `attributesOf` returns undefined if ONNX has no such operation. */
function unary(operator: string, effort: number, attributesOf: (alpha: number) => Attributes = () => ({})) {
  const planner: Planner<{ readonly alpha: number }> = ([x], attributes) => {
    const chosen = attributesOf(attributes?.alpha);
    if (!chosen) return undefined;
    const size = sizeOf(x.shape);
    const nodes = [node(operator, ['x0'], chosen)];
    return { nodes, operands: [viewed(x, [size])], computed: [size], shape: x.shape, work: size * effort };
  };
  return planner;
}

function binary(operator: string): Planner<unknown> {
  const nodes = [node(operator, ['x0', 'x1'])];
  return ([a, b]) => {
    const shape = broadcastShape(a.shape, b.shape);
    const size = sizeOf(shape);
    if (`${a.shape}` !== `${b.shape}`) return { nodes, operands: [a, b], computed: shape, work: size * 2 * SIMPLE };
    // One model for all ranks.
    const operands = [viewed(a, [size]), viewed(b, [size])];
    return { nodes, operands, computed: [size], shape, work: size * SIMPLE };
  };
}

function reduction(operator: string): Planner<tf.SumAttrs & tf.MaxAttrs> {
  return ([x], { axis, reductionIndices, keepDims }) => {
    const along = tf.util.parseAxisParam(axis ?? reductionIndices, x.shape);
    // To ONNX, no axis means all of them.
    if (along.length === 0) return undefined;
    const [computed] = tf.backend_util.computeOutAndReduceShapes(x.shape, along);
    const nodes =
      operator === 'ReduceSum'
        ? [constant('along', { value_ints: along }), node(operator, ['x0', 'along'], { keepdims: 0 })]
        : [node(operator, ['x0'], { axes: along, keepdims: 0 })];
    const turned = tf.backend_util.getAxesPermutation(along, x.shape.length) !== null;
    return {
      nodes,
      operands: [x],
      computed,
      shape: keepDims ? tf.backend_util.expandShapeToKeepDim(computed, along) : computed,
      work: sizeOf(x.shape) * (turned ? LOCATED : 1),
    };
  };
}

const softmax: Planner<tf.SoftmaxAttrs> = ([x]) => ({
  nodes: [node('Softmax', ['x0'], { axis: -1 })],
  operands: [x],
  computed: x.shape,
  work: sizeOf(x.shape) * SOFTMAX,
});

const matMul: Planner<tf.BatchMatMulAttrs> = ([a, b], { transposeA, transposeB }) => {
  const [rows, inner] = transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2);
  const columns = b.shape[b.shape.length - (transposeB ? 2 : 1)];
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, rows, columns];
  const work = sizeOf(shape) * inner;
  if (sizeOf(batch) === 1) {
    const nodes = [node('Gemm', ['x0', 'x1'], { transA: Number(transposeA), transB: Number(transposeB) })];
    const operands = [viewed(a, a.shape.slice(-2)), viewed(b, b.shape.slice(-2))];
    return { nodes, operands, computed: [rows, columns], shape, work, threaded: true };
  }
  const swap = ({ shape: { length } }: Info) => ({ perm: [...Array(length - 2).keys(), length - 1, length - 2] });
  const nodes = [
    ...(transposeA ? [node('Transpose', ['x0'], swap(a), 'left')] : []),
    ...(transposeB ? [node('Transpose', ['x1'], swap(b), 'right')] : []),
    node('MatMul', [transposeA ? 'left' : 'x0', transposeB ? 'right' : 'x1']),
  ];
  return { nodes, operands: [a, b], computed: shape, work, threaded: true };
};

function convolution(depthwise: boolean): Planner<tf.Conv2DAttrs & tf.DepthwiseConv2dNativeAttrs> {
  return ([x, filter], { strides, pad, dataFormat, dilations, dimRoundingMode }) => {
    if (dataFormat === 'NCHW') return undefined;
    type Four = [number, number, number, number];
    const [map, kernel] = [x.shape as Four, filter.shape as Four];
    const info = tf.backend_util.computeConv2DInfo(map, kernel, strides, dilations, pad, dimRoundingMode, depthwise);
    const { inChannels, outChannels, filterHeight, filterWidth, outShape, strideHeight, strideWidth } = info;
    const { top, left, bottom, right } = info.padInfo;
    const taps = filterHeight * filterWidth;
    const inputs = depthwise ? 1 : inChannels;
    const work = sizeOf(outShape) * taps * inputs;
    if (!depthwise && taps * strideHeight * strideWidth === 1 && top + left + bottom + right === 0) {
      return {
        nodes: [node('Gemm', ['x0', 'x1'])],
        operands: [viewed(x, [sizeOf(map) / inputs, inputs]), viewed(filter, [inputs, outChannels])],
        computed: [sizeOf(outShape) / outChannels, outChannels],
        shape: outShape,
        work,
        threaded: true,
      };
    }
    const geometry = {
      strides: [strideHeight, strideWidth],
      dilations: [info.dilationHeight, info.dilationWidth],
      pads: [top, left, bottom, right],
      group: depthwise ? inChannels : 1,
    };
    return {
      nodes: [
        node('Transpose', ['x0'], { perm: [0, 3, 1, 2] }, 'map'),
        node('Transpose', ['x1'], { perm: [3, 2, 0, 1] }, 'filter'),
        node('Conv', ['map', 'filter'], geometry, 'convolved'),
        node('Transpose', ['convolved'], { perm: [0, 2, 3, 1] }),
      ],
      // The last two axes of a depthwise filter, [channels, multiplier], are in the order of the outputs.
      operands: [x, viewed(filter, [filterHeight, filterWidth, inputs, outChannels])],
      computed: outShape,
      work,
      threaded: true,
    };
  };
}

const transpose: Planner<tf.TransposeAttrs> = ([x], { perm }) => ({
  nodes: [node('Transpose', ['x0'], { perm })],
  operands: [x],
  computed: perm.map((axis) => x.shape[axis]),
  work: sizeOf(x.shape) * LOCATED,
});

const pad: Planner<tf.PadV2Attrs> = ([x], { paddings, constantValue }) => ({
  nodes: [constant('value', { value_float: { float: constantValue } }), node('Pad', ['x0', 'pads', 'value'])],
  operands: [x],
  settings: { pads: [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)] },
  computed: paddings.map(([before, after], i) => before + x.shape[i] + after),
  work: sizeOf(x.shape) * LOCATED,
});

function sliced(x: Info, starts: Shape, ends: Shape, steps: Shape, computed: Shape, shape = computed): Plan {
  const settings = { starts, ends, axes: [...x.shape.keys()], steps };
  const nodes = [node('Slice', ['x0', ...Object.keys(settings)])];
  return { nodes, operands: [x], settings, computed, shape, work: sizeOf(computed) * LOCATED };
}

const slice: Planner<tf.SliceAttrs> = ([x], attributes) => {
  const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, attributes.begin, attributes.size);
  // The plain kernel returns a view without computing anything.
  if (tf.slice_util.isSliceContinous(x.shape, begin, size)) return undefined;
  const ends = begin.map((n, i) => n + size[i]);
  const steps = begin.map(() => 1);
  return sliced(x, begin, ends, steps, size);
};

const stridedSlice: Planner<tf.StridedSliceAttrs> = ([x], attributes) => {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attributes;
  const masks = [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] as const;
  const found = tf.slice_util.sliceInfo(x.shape, begin, end, strides, ...masks);
  const turned = found.strides.some((step) => step < 0);
  if (found.isIdentity || turned || found.begin.length !== x.shape.length) return undefined;
  const computed = tf.slice_util.computeOutShape(found.begin, found.end, found.strides);
  return sliced(x, found.begin, found.end, found.strides, computed, found.finalShape);
};

const reverse: Planner<tf.ReverseAttrs> = ([x], { dims }) => {
  const turned = tf.util.parseAxisParam(dims, x.shape);
  const of = (inverted: (n: number) => number, kept: (n: number) => number) =>
    x.shape.map((n, i) => (turned.includes(i) ? inverted(n) : kept(n)));
  const starts = of(
    (n) => n - 1,
    () => 0,
  );
  const ends = of(
    (n) => -n - 1,
    (n) => n,
  );
  const steps = of(
    () => -1,
    () => 1,
  );
  return sliced(x, starts, ends, steps, x.shape);
};

const concat: Planner<tf.ConcatAttrs> = (parts, { axis }) => {
  const [{ shape }] = parts;
  const [along] = tf.util.parseAxisParam(axis, shape);
  if (parts.length === 1 || parts.some((part) => sizeOf(part.shape) === 0)) return undefined;
  const names = parts.map((_, i) => `x${i}`);
  const computed = shape.with(
    along,
    parts.reduce((sum, part) => sum + part.shape[along], 0),
  );
  return {
    nodes: [node('Concat', names, { axis: along })],
    operands: parts,
    computed,
    work: sizeOf(computed) * SIMPLE,
  };
};

const tile: Planner<tf.TileAttrs> = ([x], { reps }) => {
  const computed = reps.map((n, i) => n * x.shape[i]);
  const nodes = [node('Tile', ['x0', 'repeats'])];
  return { nodes, operands: [x], settings: { repeats: reps }, computed, work: sizeOf(computed) * LOCATED };
};

/** The operations for which it pays. Pooling, gathering and comparisons are rare and cost about as much as the call. */
const planners: Readonly<Record<string, Planner<never>>> = {
  [tf.Add]: binary('Add'),
  [tf.Sub]: binary('Sub'),
  [tf.Multiply]: binary('Mul'),
  [tf.RealDiv]: binary('Div'),
  [tf.Maximum]: binary('Max'),
  [tf.Relu]: unary('Relu', SIMPLE),
  [tf.LeakyRelu]: unary('LeakyRelu', SIMPLE, (alpha) => ({ alpha: { float: alpha } })),
  [tf.Neg]: unary('Neg', SIMPLE),
  [tf.Abs]: unary('Abs', SIMPLE),
  [tf.Sqrt]: unary('Sqrt', SIMPLE),
  // Steeper than any number is small: 0 up to 0, 1 above.
  [tf.Step]: unary('HardSigmoid', TRANSCENDENTAL, (alpha) =>
    alpha === 0 ? { alpha: { float: 3e38 }, beta: { float: 0 } } : undefined,
  ),
  [tf.Exp]: unary('Exp', TRANSCENDENTAL),
  [tf.Log]: unary('Log', TRANSCENDENTAL),
  [tf.Sigmoid]: unary('Sigmoid', TRANSCENDENTAL),
  [tf.Tanh]: unary('Tanh', TRANSCENDENTAL),
  [tf.Sum]: reduction('ReduceSum'),
  [tf.Mean]: reduction('ReduceMean'),
  [tf.Max]: reduction('ReduceMax'),
  [tf.Softmax]: softmax,
  [tf.BatchMatMul]: matMul,
  [tf.Conv2D]: convolution(false),
  [tf.DepthwiseConv2dNative]: convolution(true),
  [tf.Transpose]: transpose,
  [tf.PadV2]: pad,
  [tf.Slice]: slice,
  [tf.StridedSlice]: stridedSlice,
  [tf.Reverse]: reverse,
  [tf.Concat]: concat,
  [tf.Tile]: tile,
};

/** A kernel that uses ONNX Runtime if that is possible and pays, and the plain kernel otherwise. */
function eitherKernel(planner: Planner<never>, plain: tf.KernelFunc, smallestWork: number): tf.KernelFunc {
  return (call) => {
    const inputs = Object.values(call.inputs) as Info[];
    const plan = inputs.every(({ dtype }) => dtype === 'float32') ? planner(inputs, call.attrs as never) : undefined;
    const worthwhile = plan && plan.work > 0 && plan.work >= smallestWork;
    return (worthwhile && (call.backend as OnnxRuntimeBackend).compute(plan)) || plain(call);
  };
}

/**
 * Registers the TF.js backend `name`: tfjs-backend-cpu with its slowest kernels replaced by ONNX Runtime, which is used
 * for operations of at least `smallestWork` (1, for tests: whenever possible). Does nothing if the name is already
 * registered.
 */
export function registerOnnxRuntimeBackend(name = 'onnxruntime', smallestWork = SMALLEST_WORK): void {
  if (tf.findBackendFactory(name)) return;
  tf.registerBackend(name, () => new OnnxRuntimeBackend(), 0);
  for (const { kernelName, kernelFunc: plain, ...rest } of tf.getKernelsForBackend('cpu')) {
    const planner = planners[kernelName];
    const kernelFunc = planner ? eitherKernel(planner, plain, smallestWork) : plain;
    tf.registerKernel({ ...rest, kernelName, backendName: name, kernelFunc });
  }
}
