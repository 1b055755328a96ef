export { countActivations } from './activations.ts';
export type { BackendProbe } from './backend-probe.ts';
export { availableBackends, type BackendStatus, backendStatus, createEagerEngine } from './backends.ts';
export { type DescribedProgram, describeProgram, feedValues } from './describe.ts';
export { countFlops } from './flops.ts';
export type { Convolution, Pooling, PrimitiveOps } from './gradients/primitives.ts';
export { Tape } from './gradients/tape.ts';
export { averageFactors, interpolationMatrix, nearestIndices, nearestMatrix } from './grids.ts';
export type { HostArray, HostTensor, HostTensors } from './host-tensor.ts';
export {
  createSession,
  hostTensor,
  onnxruntimeProblem,
  onnxruntimeVersion,
  type Session,
  type SessionOptions,
} from './onnxruntime.ts';
export type { ConvOptions, Ops, PoolOptions, ResizeConvention } from './ops.ts';
export { Parameter } from './parameter.ts';
export type {
  CompileOptions,
  Described,
  Device,
  Engine,
  Executable,
  Feeds,
  Gradients,
  InputSpec,
  Program,
  RunResult,
  UpdateRule,
  Updater,
} from './program.ts';
export type { OperatorTime } from './run-profile.ts';
export { broadcastShape, type Padding, type Shape, samePadding, sizeOf } from './shape.ts';
export { type Shaped, ShapeOps } from './shape-ops.ts';
