import type { Tensor } from 'onnxruntime-node';

/** Arrays that sessions read and write: float32, int32, uint8 and int64 values. */
export type HostArray = Float32Array | Int32Array | Uint8Array | BigInt64Array;

/**
 * An array with its shape, as sessions expect it. It wraps the array: what a run writes appears in the array itself.
 */
export type HostTensor = Tensor;

/** Values by their names in the model. */
export type HostTensors = Readonly<Record<string, HostTensor>>;
