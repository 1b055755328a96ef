export type { Convolution, Pooling, PrimitiveOps } from './primitives.ts';
export type { Call, Rule, TapeOps } from './rule.ts';
export { Tape } from './tape.ts';
