import type { Ops, PoolOptions, Program, RunResult, Shape } from '@unseen/tensor';

/** Engines round differently: closer than this to a kink, relative to the largest value, they may stand on either side. */
const MARGIN = 4e-6;

const PREFIX = 'kink ';

/** A distance from a kink, one for each element; or a map and the pooling whose largest elements must not be close. */
interface Kink<V> {
  readonly value: V;
  readonly pool?: PoolOptions;
}

/** The operations, with what stands before each kink handed to `see`. */
function watch<V>(ops: Ops<V>, see: (kink: Kink<V>) => void): Ops<V> {
  const at = (value: V): V => {
    see({ value });
    return value;
  };
  const watched: Partial<Ops<V>> = {
    relu: (x) => ops.relu(at(x)),
    leakyRelu: (x, slope) => ops.leakyRelu(at(x), slope),
    abs: (x) => ops.abs(at(x)),
    relu6(x) {
      at(ops.sub(x, ops.scalar(6)));
      return ops.relu6(at(x));
    },
    maximum(a, b) {
      at(ops.sub(a, b));
      return ops.maximum(a, b);
    },
    maxPool(x, pool) {
      see({ value: x, pool });
      return ops.maxPool(x, pool);
    },
  };
  return new Proxy(ops, {
    get(target, name: keyof Ops<V>) {
      const member = watched[name] ?? target[name];
      return typeof member === 'function' ? (member as () => unknown).bind(target) : member;
    },
  });
}

/** A program that also gives what stands before its kinks, and the test of a run of it. */
export function watchKinks(program: Program): {
  readonly program: Program;
  readonly isNearKink: (result: RunResult) => Promise<boolean>;
} {
  const seen: { readonly shape: Shape; readonly pool: PoolOptions | undefined }[] = [];
  return {
    program: {
      ...program,
      describe(ops, inputs) {
        seen.length = 0;
        const kinks: Kink<(typeof inputs)[string]>[] = [];
        const described = program.describe(
          watch(ops, (kink) => kinks.push(kink)),
          inputs,
        );
        for (const { value, pool } of kinks) seen.push({ shape: ops.shape(value), pool });
        const outputs = Object.fromEntries(kinks.map(({ value }, i) => [`${PREFIX}${i}`, value]));
        return { ...described, outputs: { ...described.outputs, ...outputs } };
      },
    },
    async isNearKink(result) {
      for (const [i, { shape, pool }] of seen.entries()) {
        const values = await result.read(`${PREFIX}${i}`);
        const gaps = pool ? runnerUpGaps(values, shape, pool) : values;
        const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        // An exact 0 is one of a mask or of another ReLU, in every engine.
        if (gaps.some((x) => x !== 0 && Math.abs(x) < MARGIN * largest)) return true;
      }
      return false;
    },
  };
}

/** Whether an output is one of {@link watchKinks}. */
export const isKink = (output: string): boolean => output.startsWith(PREFIX);

/** How far the second largest element of each window is below the largest. */
function runnerUpGaps(
  values: Float32Array,
  [n, height, width, channels]: Shape,
  { size, stride, padding = [0, 0, 0, 0] }: PoolOptions,
): Float32Array {
  const [top, bottom, left, right] = padding;
  const gaps: number[] = [];
  for (let image = 0; image < n; image++)
    for (let y = -top; y + size <= height + bottom; y += stride)
      for (let x = -left; x + size <= width + right; x += stride)
        for (let c = 0; c < channels; c++) {
          const inside: number[] = [];
          for (let i = Math.max(y, 0); i < Math.min(y + size, height); i++)
            for (let j = Math.max(x, 0); j < Math.min(x + size, width); j++)
              inside.push(values[((image * height + i) * width + j) * channels + c]);
          const [first, second = Number.NEGATIVE_INFINITY] = inside.sort((a, b) => b - a);
          gaps.push(first - second);
        }
  return Float32Array.from(gaps);
}
