import { Tape } from './gradients/tape.ts';
import type { Program } from './program.ts';
import { sizeOf } from './shape.ts';
import { type Shaped, ShapeOps } from './shape-ops.ts';

/** Operations whose result takes no new memory. */
const FREE = ['parameter', 'constant', 'scalar', 'reshape', 'shape'];

/**
 * Bytes of all values in the forward pass of a program, in single precision: an upper bound on what a training step
 * keeps for its gradients. Nothing is computed.
 */
export function countActivations(program: Program): number {
  let bytes = 0;
  const counting = new Proxy(new ShapeOps(program.training ?? false), {
    get(ops, name, receiver) {
      const member: unknown = Reflect.get(ops, name, receiver);
      if (typeof member !== 'function' || FREE.includes(String(name))) return member;
      return (...args: unknown[]) => {
        const made: unknown = member.apply(ops, args);
        for (const value of Array.isArray(made) ? made : [made]) if (isShaped(value)) bytes += 4 * sizeOf(value.shape);
        return made;
      };
    },
  });
  const inputs = Object.entries(program.inputs).map(([name, { shape }]) => [name, { shape }] as const);
  program.describe(new Tape<Shaped>(counting), Object.fromEntries(inputs));
  return bytes;
}

function isShaped(value: unknown): value is Shaped {
  return typeof value === 'object' && value !== null && 'shape' in value && Array.isArray(value.shape);
}
