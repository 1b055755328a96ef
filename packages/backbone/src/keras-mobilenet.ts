import { UserError } from '@unseen/core';
import { type KerasWeight, readKerasWeights } from '@unseen/formats';
import { requireSameTensors } from '@unseen/nn';
import type { Parameter, Shape } from '@unseen/tensor';
import type { ConvNorm } from './conv-norm.ts';
import type { MobileNetV1 } from './mobilenet.ts';

interface Entry {
  readonly parameter: Parameter;
  /** Shape in the file. */
  readonly shape: Shape;
  readonly convert: (values: Float32Array) => Float32Array;
}

/**
 * Loads the `.h5` weights that Keras publishes for MobileNetV1 (`mobilenet_*_tf_no_top.h5`). Strict: weights that are
 * missing, unexpected or of another shape (another width) are listed in a `UserError`, and nothing is changed.
 */
export async function loadKerasMobileNet(backbone: MobileNetV1, path: string): Promise<void> {
  const file = await readKerasWeights(path);
  const entries = kerasEntries(backbone);
  requireSameTensors(path, shapesOf(file), kerasShapes(backbone));
  for (const [name, { values }] of file) {
    if (!values.every(Number.isFinite)) throw new UserError({ given: `${path}: weight '${name}' is not finite` });
  }
  for (const [name, { parameter, convert }] of entries) parameter.assign(convert(file.get(name)!.values));
}

/** Names and shapes of the weights in Keras' file of a MobileNetV1. */
export function kerasShapes(backbone: MobileNetV1): Map<string, Shape> {
  return new Map([...kerasEntries(backbone)].map(([name, { shape }]) => [name, shape]));
}

function shapesOf(file: ReadonlyMap<string, KerasWeight>): Map<string, Shape> {
  return new Map([...file].map(([name, { shape }]) => [name, shape]));
}

function kerasEntries(backbone: MobileNetV1): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  addUnit(entries, 'conv1', 'kernel', backbone.stem);
  backbone.blocks.forEach((block, i) => {
    addUnit(entries, `conv_dw_${i + 1}`, 'depthwise_kernel', block.depthwise);
    addUnit(entries, `conv_pw_${i + 1}`, 'kernel', block.pointwise);
  });
  return entries;
}

function addUnit(entries: Map<string, Entry>, layer: string, filter: string, { conv, norm }: ConvNorm): void {
  const [a, b, height, width] = conv.weight.shape;
  // Keras: [h, w, in, out] and [h, w, channels, 1]; here [out, in, h, w] and [channels, 1, h, w].
  const depthwise = filter === 'depthwise_kernel';
  entries.set(`${layer}/${filter}:0`, {
    parameter: conv.weight,
    shape: depthwise ? [height, width, a, b] : [height, width, b, a],
    convert: (values) => toChannelsFirst(values, { outputs: a, inputs: b, grid: height * width, depthwise }),
  });
  const norms = {
    gamma: norm.scale,
    beta: norm.shift,
    moving_mean: norm.runningMean,
    moving_variance: norm.runningVariance,
  };
  for (const [name, parameter] of Object.entries(norms)) {
    entries.set(`${layer}_bn/${name}:0`, { parameter, shape: parameter.shape, convert: (values) => values });
  }
}

function toChannelsFirst(
  values: Float32Array,
  size: { readonly outputs: number; readonly inputs: number; readonly grid: number; readonly depthwise: boolean },
): Float32Array {
  const { outputs, inputs, grid, depthwise } = size;
  const out = new Float32Array(values.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let g = 0; g < grid; g++) {
        const source = depthwise ? (g * outputs + o) * inputs + i : (g * inputs + i) * outputs + o;
        out[(o * inputs + i) * grid + g] = values[source];
      }
    }
  }
  return out;
}
