import { availableParallelism } from 'node:os';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../../host-tensor.ts';
import { createSession, hostTensor, type Session } from '../../onnxruntime.ts';
import { type Shape, sizeOf } from '../../shape.ts';
import { type ModelNode, type ModelValue, singleOperationModel } from '../../single-operation.ts';
import { BufferPool } from './buffers.ts';

/** One tensor operation as ONNX nodes. */
export interface Operation {
  /** From the values `x0`, `x1`, … and those of `settings` to the value `y`. */
  readonly nodes: readonly ModelNode[];
  /** `x0`, `x1`, …, read under the given shapes. */
  readonly operands: readonly { readonly dataId: object; readonly shape: Shape }[];
  /** Integer vectors that are inputs of the nodes, since one model for each of their values would be too many. */
  readonly settings?: Readonly<Record<string, Shape>>;
  /** The shape that the nodes give to `y`. */
  readonly computed: Shape;
  /** The shape that the result gets, of the same size; default: `computed`. */
  readonly shape?: Shape;
  /** Limited by arithmetic rather than memory, so that several threads pay off. */
  readonly threaded?: boolean;
}

/** Each session has its own threads and memory, so the least recently used one is dropped beyond this number. */
const MOST_SESSIONS = 200;

const axes = (name: string, { length }: Shape): string[] => Array.from({ length }, (_, i) => `${name}${i}`);

/**
 * A TF.js backend whose tensors are those of tfjs-backend-cpu (plain arrays), so that all of its kernels work here,
 * beside kernels that run on ONNX Runtime ({@link OnnxRuntimeBackend.compute}) and write to recycled memory.
 */
export class OnnxRuntimeBackend extends MathBackendCPU {
  /** The memory of results. */
  readonly buffers = new BufferPool();
  private readonly sessions = new Map<string, Session>();

  private values(dataId: object): Float32Array | undefined {
    const values = this.data.has(dataId) ? this.data.get(dataId).values : undefined;
    return values instanceof Float32Array ? values : undefined;
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    if (values instanceof Float32Array) this.buffers.retain(values);
    return super.write(values, shape, dtype);
  }

  override move(
    dataId: object,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    if (values instanceof Float32Array) this.buffers.retain(values);
    super.move(dataId, values, shape, dtype, refCount);
  }

  override disposeData(dataId: object, force?: boolean): boolean {
    const values = this.values(dataId);
    const gone = super.disposeData(dataId, force);
    if (gone && values) this.buffers.release(values);
    return gone;
  }

  /** The result stays valid and unchanged, as on every backend. */
  override readSync(dataId: object): tf.backend_util.BackendValues {
    const values = this.values(dataId);
    if (values) this.buffers.surrender(values);
    return super.readSync(dataId);
  }

  /** For kernels, which do not keep the result. */
  override bufferSync<R extends tf.Rank, D extends tf.DataType>(x: tf.TensorInfo): tf.TensorBuffer<R, D> {
    const values = this.values(x.dataId);
    if (!values) return super.bufferSync(x);
    return tf.buffer(x.shape as tf.ShapeMap[R], x.dtype as D, values as tf.DataTypeMap[D]);
  }

  /** The values as float32, which they may not be under that very type: a cast keeps the integers of its operand. */
  private floats(dataId: object, scratch: Float32Array[]): Float32Array | undefined {
    const { values } = this.data.get(dataId);
    if (values instanceof Float32Array) return values;
    if (!(values instanceof Uint8Array || values instanceof Int32Array)) return undefined;
    const converted = this.buffers.take(values.length);
    converted.set(values);
    scratch.push(converted);
    return converted;
  }

  /** Runs an operation; `undefined` if an operand is not an array of numbers. */
  compute({
    nodes,
    operands,
    settings = {},
    computed,
    shape = computed,
    threaded = false,
  }: Operation): tf.TensorInfo | undefined {
    const feeds: Record<string, HostTensor> = {};
    const inputs: ModelValue[] = [];
    const scratch: Float32Array[] = [];
    for (const [i, { dataId, shape }] of operands.entries()) {
      const name = `x${i}`;
      const values = this.floats(dataId, scratch);
      if (!values) return undefined;
      feeds[name] = hostTensor(values, shape);
      inputs.push({ name, shape: axes(`${name}.`, shape) });
    }
    for (const [name, numbers] of Object.entries(settings)) {
      feeds[name] = hostTensor(BigInt64Array.from(numbers, BigInt), [numbers.length]);
      inputs.push({ name, shape: [numbers.length], type: 'int64' });
    }
    const model = { nodes, inputs, outputs: [{ name: 'y', shape: axes('y.', computed) }] };
    const result = this.buffers.take(sizeOf(computed));
    this.session(model, threaded).run(feeds, { y: hostTensor(result, computed) });
    for (const values of scratch) this.buffers.release(values);
    return this.makeTensorInfo([...shape], 'float32', result);
  }

  private session(
    model: { readonly nodes: readonly ModelNode[]; readonly inputs: ModelValue[]; readonly outputs: ModelValue[] },
    threaded: boolean,
  ): Session {
    const key = JSON.stringify(model);
    const known = this.sessions.get(key);
    if (known) {
      // Moved to the end: the first entry is the least recently used.
      this.sessions.delete(key);
      this.sessions.set(key, known);
      return known;
    }
    const [oldest] = this.sessions;
    if (oldest && this.sessions.size >= MOST_SESSIONS) {
      this.sessions.delete(oldest[0]);
      oldest[1].dispose();
    }
    const session = createSession(singleOperationModel(model.nodes, model.inputs, model.outputs), {
      name: model.nodes.map(({ operator }) => operator).join(', '),
      threads: threaded ? availableParallelism() : 1,
      // Spinning threads of idle sessions would take the cores from the one that works.
      spinning: false,
    });
    this.sessions.set(key, session);
    return session;
  }

  override dispose(): void {
    for (const session of this.sessions.values()) session.dispose();
    this.sessions.clear();
    this.buffers.clear();
    super.dispose();
  }
}
