import { ignoreAmong, labelArray, type RandomStream, softmax, UserError } from '@unseen/core';
import type { Engine, Executable, Program } from '@unseen/tensor';
import type { CategoryPatchGenerator } from './category-patch-generator.ts';
import type { LabelPatches } from './label-patches.ts';

/** Options of {@link PatchSampler}; the defaults for 3×3 patches are those of the released code. */
export interface PatchSamplerOptions {
  /** Side of a patch. */
  readonly size: number;
  readonly seen: number;
  readonly unseen: number;
  /** First pixels in reading order that get the patch's unseen category. Default: half of them, rounded up (5 of 9). */
  readonly given?: number;
  /** Unseen pixels that a patch must have. Default: 7/9 of them, rounded up. */
  readonly minUnseen?: number;
  /** Distinct categories that a patch may have. Default 3. */
  readonly maxCategories?: number;
  /** Most probable classes among which a pixel is drawn. Default: all. */
  readonly topK?: number;
  /** Probability added to that of every unseen class before drawing. Default 0. */
  readonly unseenBoost?: number;
  /**
   * Applies the softmax twice, which makes probabilities almost uniform. Default true: otherwise unseen classes, for
   * which the network has never seen a positive example, are hardly ever drawn without {@link unseenBoost}.
   */
  readonly doubleSoftmax?: boolean;
  /** Probability of a patch of a single unseen category instead. Default 0. */
  readonly pureProbability?: number;
  /** Patches that are sampled in parallel. Default 256. */
  readonly batch?: number;
}

/** Attempts per kept patch before the sampler gives up. */
const PATIENCE = 400;

/**
 * Samples patches of mostly unseen categories: the first pixels of a patch get one unseen category, drawn uniformly;
 * the others are drawn one by one, given those before them. Patches that are too mixed are rejected.
 */
export class PatchSampler {
  private readonly options: Required<PatchSamplerOptions>;
  private readonly executable: Executable;

  constructor(engine: Engine, generator: CategoryPatchGenerator, options: PatchSamplerOptions) {
    const area = options.size ** 2;
    const { seen, unseen } = options;
    this.options = {
      given: Math.ceil(area / 2),
      minUnseen: Math.ceil((7 / 9) * area),
      maxCategories: 3,
      topK: seen + unseen,
      unseenBoost: 0,
      doubleSoftmax: true,
      pureProbability: 0,
      batch: 256,
      ...options,
    };
    const { size, batch, given, minUnseen } = this.options;
    if (unseen < 1) {
      throw new UserError({ given: 'patches of unseen categories without one', expected: 'a split with at least one' });
    }
    if (given > area || minUnseen > area) {
      throw new UserError({
        given: `${given} given and ${minUnseen} unseen pixels in patches of ${area}`,
        expected: `at most ${area}`,
      });
    }
    const labels = { shape: [batch, size, size], dtype: 'int32' as const };
    const program: Program = {
      name: 'synthesis/patch-logits',
      inputs: { patches: labels, condition: labels },
      describe: (ops, inputs) => ({
        outputs: { logits: generator.forward(ops, inputs.patches, inputs.condition) },
      }),
    };
    this.executable = engine.compile(program, { frozen: true });
  }

  /** Samples `count` patches; settings under which next to none is kept are a {@link UserError}. */
  async sample(count: number, random: RandomStream): Promise<LabelPatches> {
    const { size, batch, pureProbability, seen, unseen } = this.options;
    const area = size * size;
    const labels = labelArray(seen + unseen, count * area);
    let kept = 0;
    for (let tried = 0; kept < count; tried += batch) {
      if (tried > PATIENCE * (kept + 1)) throw this.tooFew(kept, tried);
      const candidates = await this.batchOf(random);
      for (let i = 0; i < batch && kept < count; i++) {
        const patch = candidates.subarray(i * area, (i + 1) * area);
        if (random.uniform() < pureProbability) patch.fill(patch[0]);
        if (this.isKept(patch)) labels.set(patch, kept++ * area);
      }
    }
    return { size, count, labels };
  }

  dispose(): void {
    this.executable.dispose();
  }

  /** One batch of patches, whatever they show. */
  private async batchOf(random: RandomStream): Promise<Int32Array> {
    const { size, batch, given, seen, unseen } = this.options;
    const area = size * size;
    const patches = new Int32Array(batch * area).fill(ignoreAmong(seen + unseen));
    const condition = new Int32Array(batch * area);
    for (let i = 0; i < batch; i++) {
      const category = seen + random.integer(unseen);
      condition.fill(category, i * area, (i + 1) * area);
      patches.fill(category, i * area, i * area + given);
    }
    for (let pixel = given; pixel < area; pixel++) {
      const logits = await this.executable.run({ patches, condition }).read('logits');
      const classes = logits.length / patches.length;
      for (let i = 0; i < batch; i++) {
        const at = i * area + pixel;
        patches[at] = this.draw(logits.subarray(at * classes, (at + 1) * classes), random);
      }
    }
    return patches;
  }

  private draw(logits: Float32Array, random: RandomStream): number {
    const { seen, topK, unseenBoost, doubleSoftmax } = this.options;
    const probabilities = softmax(logits, logits.length, new Float64Array(logits.length)).map((p, c) =>
      c < seen ? p : p + unseenBoost,
    );
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, topK);
    const kept = order.map((trainId) => probabilities[trainId]);
    const weights = doubleSoftmax ? [...softmax(kept, kept.length, new Float64Array(kept.length))] : kept;
    let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
    for (const [i, weight] of weights.entries()) {
      left -= weight;
      if (left < 0) return order[i];
    }
    return order[0];
  }

  private isKept(patch: Int32Array): boolean {
    const { seen, minUnseen, maxCategories } = this.options;
    const unseenPixels = patch.reduce((sum, trainId) => sum + (trainId >= seen ? 1 : 0), 0);
    return unseenPixels >= minUnseen && new Set(patch).size <= maxCategories;
  }

  private tooFew(kept: number, tried: number): UserError {
    const { size, minUnseen, maxCategories } = this.options;
    return new UserError({
      given: `only ${kept} of ${tried} sampled patches have at least ${minUnseen} of ${size * size} pixels of unseen categories and at most ${maxCategories} categories`,
      remedy: 'raise unseenBoost, lower minUnseen, or raise maxCategories',
    });
  }
}
