import { RandomStream } from '@unseen/core';
import { describeProgram, type Program, type Shape, type Shaped, ShapeOps, Tape } from '@unseen/tensor';

/** A stream that keeps what it fills arrays with. */
export class RecordingStream extends RandomStream {
  readonly drawn: Float32Array[] = [];

  override fillNormal(out: Float32Array): Float32Array {
    super.fillNormal(out);
    this.drawn.push(out.slice());
    return out;
  }

  override fillBernoulli(out: Uint8Array, p: number): Uint8Array {
    super.fillBernoulli(out, p);
    this.drawn.push(Float32Array.from(out));
    return out;
  }
}

class NoiseShapes extends ShapeOps {
  readonly shapes: Shape[] = [];

  override normal(shape: Shape): Shaped {
    this.shapes.push(shape);
    return { shape };
  }
  override bernoulli(shape: Shape): Shaped {
    return this.normal(shape);
  }
}

/** Shapes of the noise that a program draws at every run, in order. */
export function noiseShapes(program: Program): readonly Shape[] {
  const ops = new NoiseShapes(program.training ?? false);
  const inputs = Object.entries(program.inputs).map(([name, { shape }]) => [name, { shape }] as const);
  describeProgram(program, new Tape<Shaped>(ops), Object.fromEntries(inputs));
  return ops.shapes;
}
