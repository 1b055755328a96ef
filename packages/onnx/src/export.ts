import type { Program } from '@unseen/tensor';
import { recordProgram } from './description.ts';
import { lower } from './lower.ts';

/** Options of {@link exportOnnx}. */
export interface ExportOptions {
  /** Stored in the file as is: class names, normalisation, provenance, … */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * An inference program as the bytes of an ONNX file (opset 18) that contains the weights. Inputs and outputs have the
 * program's names and shapes; losses are left out.
 */
export function exportOnnx(program: Program, { metadata = {} }: ExportOptions = {}): Uint8Array {
  const { outputs, gradients, noise } = recordProgram(program);
  if (noise.length > 0) throw new Error(`${program.name} draws noise and cannot be exported`);
  const wanted = [...outputs].filter(([name]) => !gradients.has(name));
  const clash = wanted.find(([name]) => Object.hasOwn(program.inputs, name));
  if (clash)
    throw new Error(`${program.name} has an input and an output named '${clash[0]}', which ONNX does not allow`);
  const values = wanted.map(([, value]) => value);
  const { graph, results } = lower(values, { frozen: true, ownNames: true });
  for (const [i, [name]] of wanted.entries()) {
    const { name: value, dims, shape } = results[i];
    const shaped = dims.join() === shape.join() ? value : graph.reshape(value, shape);
    graph.namedResult(shaped, name, shape);
  }
  return graph.encode(program.name, metadata);
}
