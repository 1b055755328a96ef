import type { OnnxGraph } from './graph.ts';
import { elementTypes } from './schema.ts';

/** Adds the first output that `createSession` requires of every model. */
export function addStop(graph: OnnxGraph): void {
  const one = graph.constant(Float32Array.of(1), [1]);
  graph.namedResult(graph.op('Cast', [one], { to: elementTypes.bfloat16 }), 'stop', [1], 'bfloat16');
}
