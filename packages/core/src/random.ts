import { createHash } from 'node:crypto';
import { type xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { type BulkSeed, fillBernoulli, fillNormal } from './bulk-random.ts';

/** What a {@link RandomStream} needs to continue where it left off; JSON-safe. */
export type RandomState = readonly number[];

/**
 * A node of the seed tree. Each name yields an independent, reproducible child, so adding a consumer of randomness
 * never changes what the others draw.
 *
 * @example
 * import { SeedTree } from '@unseen/core';
 *
 * const noise = new SeedTree(7).child('noise');
 * noise.stream().uniform() === noise.stream().uniform(); // → true
 */
export class SeedTree {
  readonly seed: number;
  readonly path: string;

  constructor(seed: number, path = '') {
    this.seed = seed;
    this.path = path;
  }

  child(name: string | number): SeedTree {
    return new SeedTree(this.seed, `${this.path}/${name}`);
  }

  /** A new stream for this node; it always yields the same numbers. */
  stream(): RandomStream {
    const digest = createHash('sha256').update(`${this.seed}${this.path}`).digest();
    return new RandomStream(Array.from({ length: 4 }, (_, i) => digest.readInt32LE(4 * i)));
  }
}

/** A sequence of random numbers that can be saved and resumed (xoroshiro128+). */
export class RandomStream {
  private generator: ReturnType<typeof xoroshiro128plus>;

  constructor(state: RandomState) {
    this.generator = xoroshiro128plusFromState(state);
  }

  get state(): RandomState {
    return this.generator.getState();
  }

  set state(state: RandomState) {
    this.generator = xoroshiro128plusFromState(state);
  }

  /** 32 random bits as an unsigned integer. */
  bits(): number {
    return this.generator.next() >>> 0;
  }

  /** Uniform in [0, 1) with 53 bits. */
  uniform(): number {
    return ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 9007199254740992;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A random order of 0 … n-1 (Fisher–Yates). */
  permutation(n: number): number[] {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /** Fills `out` with standard normal numbers. Fast: four draws of the stream seed one bulk generator. */
  fillNormal(out: Float32Array): Float32Array {
    fillNormal(out, this.bulkSeed());
    return out;
  }

  /** Fills `out` with ones of probability `p` (to 2⁻¹⁶) and zeros. Fast, as {@link fillNormal}. */
  fillBernoulli(out: Uint8Array, p: number): Uint8Array {
    fillBernoulli(out, p, this.bulkSeed());
    return out;
  }

  private bulkSeed(): BulkSeed {
    return [this.generator.next() | 1, this.generator.next(), this.generator.next(), this.generator.next()];
  }
}
