import { type Shape, ShapeOps, Tape } from '@unseen/tensor';
import type { Encoder } from './encoder.ts';

/** Shapes of an encoder's taps for images of a size, without computing anything. */
export function tapShapes(encoder: Encoder, height: number, width = height): Shape[] {
  const ops = new Tape(new ShapeOps(false));
  return encoder.forward(ops, { shape: [1, height, width, 3] }).map((tap) => tap.shape);
}
