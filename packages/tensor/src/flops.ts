import { describeProgram } from './describe.ts';
import type { Convolution } from './gradients/primitives.ts';
import type { Transposition } from './gradients/products.ts';
import { Tape } from './gradients/tape.ts';
import type { Program } from './program.ts';
import { type Shape, sizeOf } from './shape.ts';
import { type Shaped, ShapeOps } from './shape-ops.ts';

/** Additions and multiplications of the products; `perOutput` is the number of products that make one element. */
class FlopOps extends ShapeOps {
  flops = 0;

  private count(shape: Shape, perOutput: number): void {
    this.flops += 2 * sizeOf(shape) * perOutput;
  }

  override conv2d(x: Shaped, filter: Shaped, options: Convolution): Shaped {
    const y = super.conv2d(x, filter, options);
    this.count(y.shape, sizeOf(filter.shape.slice(1)));
    return y;
  }
  override depthwiseConv2d(x: Shaped, filter: Shaped, options: Convolution): Shaped {
    const y = super.depthwiseConv2d(x, filter, options);
    this.count(y.shape, sizeOf(filter.shape.slice(1)));
    return y;
  }
  // The transposes of a convolution have as many products as the convolution itself.
  override conv2dInputGradient(dy: Shaped, filter: Shaped, shape: Shape): Shaped {
    this.count(dy.shape, sizeOf(filter.shape.slice(1)));
    return { shape };
  }
  override conv2dFilterGradient(_x: Shaped, dy: Shaped, shape: Shape): Shaped {
    this.count(dy.shape, sizeOf(shape.slice(1)));
    return { shape };
  }
  override depthwiseConv2dInputGradient(dy: Shaped, filter: Shaped, shape: Shape): Shaped {
    return this.conv2dInputGradient(dy, filter, shape);
  }
  override depthwiseConv2dFilterGradient(x: Shaped, dy: Shaped, shape: Shape): Shaped {
    return this.conv2dFilterGradient(x, dy, shape);
  }
  override matMul(a: Shaped, b: Shaped, options: Transposition): Shaped {
    const y = super.matMul(a, b, options);
    this.count(y.shape, a.shape.at(options.transposeA ? -2 : -1)!);
    return y;
  }
}

/**
 * Floating-point operations of one run of a program with all its gradients: those of convolutions and matrix products,
 * an addition and a multiplication counted as two. Nothing is computed.
 */
export function countFlops(program: Program): number {
  const ops = new FlopOps(program.training ?? false);
  const inputs = Object.entries(program.inputs).map(([name, { shape }]) => [name, { shape }] as const);
  describeProgram(program, new Tape<Shaped>(ops), Object.fromEntries(inputs));
  return ops.flops;
}
