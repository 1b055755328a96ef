import { SeedTree } from '@unseen/core';
import { adam, Optimizer } from '@unseen/nn';
import { createCompiledEngine } from '@unseen/onnx';
import { describe, expect, test } from 'vitest';
import { CategoryPatchGenerator, patchStep } from './category-patch-generator.ts';
import { PatchSampler, type PatchSamplerOptions } from './patch-sampler.ts';

const engine = createCompiledEngine();
const seeds = new SeedTree(3);
const [seen, unseen, dimension] = [4, 2, 5];
const vectors = Array.from({ length: seen + unseen }, (_, c) =>
  seeds.child(`vector${c}`).stream().fillNormal(new Float32Array(dimension)),
);

function build() {
  return new CategoryPatchGenerator({ vectors, layers: 3, width: 12, kernel: 5, dropout: 0, seeds });
}

/** Trained to repeat the category on which it is conditioned. */
async function trained() {
  const generator = build();
  const batch = 32;
  const executable = (await engine).compile(patchStep({ generator, size: 3, batch }));
  const optimizer = new Optimizer(await engine, adam(), [{ parameters: generator.parameters() }]);
  const random = seeds.child('training').stream();
  const losses: number[] = [];
  for (let i = 0; i < 120; i++) {
    const condition = new Int32Array(batch * 9);
    for (let patch = 0; patch < batch; patch++) condition.fill(random.integer(seen), patch * 9, patch * 9 + 9);
    const result = executable.run({ patches: condition, labels: condition, condition }, random);
    losses.push(await result.scalar('generator'));
    optimizer.step(result.gradients.generator, 1e-2);
  }
  return { generator, losses };
}

test('what a pixel is given are the pixels before it', async () => {
  const generator = build();
  const shape = { shape: [1, 3, 3], dtype: 'int32' as const };
  const executable = (await engine).compile({
    name: 'logits',
    inputs: { patches: shape, condition: shape },
    describe: (ops, { patches, condition }) => ({ outputs: { logits: generator.forward(ops, patches, condition) } }),
  });
  expect(executable.outputs.logits).toEqual([1, 3, 3, seen + unseen]);
  const condition = new Int32Array(9).fill(2);
  const patch = Int32Array.from([0, 1, 2, 3, 0, 1, 2, 3, 0]);
  const classes = seen + unseen;
  const before = (await executable.run({ patches: patch, condition }).read('logits')).slice();
  for (let changed = 0; changed < 9; changed++) {
    const other = patch.map((label, i) => (i === changed ? (label + 1) % seen : label));
    const after = await executable.run({ patches: other, condition }).read('logits');
    const same = Array.from({ length: 9 }, (_, pixel) =>
      after
        .subarray(pixel * classes, (pixel + 1) * classes)
        .every((value, c) => Math.abs(value - before[pixel * classes + c]) < 1e-6),
    );
    expect(same).toEqual(same.map((_, pixel) => pixel <= changed));
  }
});

test('the sizes of the released code', () => {
  const names = Array.from({ length: 20 }, () => new Float32Array(600));
  const generator = new CategoryPatchGenerator({ vectors: names, seeds });
  // 7x7 convolutions 600 → 64 and 7 times 64 → 64, 8 normalisations, 8 conditions, 64 → 20.
  const expected = 49 * (600 * 64 + 7 * 64 * 64) + 8 * 2 * 64 + 8 * 600 * 64 + 65 * 20;
  expect(generator.parameterCount()).toBe(expected);
});

describe('learns layouts of seen categories', async () => {
  const { generator, losses } = await trained();

  test('its loss falls', () => {
    expect(losses.at(-1)).toBeLessThan(0.3 * losses[0]);
  });

  test.each<[string, Partial<PatchSamplerOptions>]>([
    ['twice', {}],
    ['once, unseen classes helped', { doubleSoftmax: false, unseenBoost: 0.4 }],
    ['among the best five', { topK: 5 }],
    ['with pure ones', { pureProbability: 0.5 }],
    ['in patches of 5x5', { size: 5, unseenBoost: 5 }],
  ])(
    'patches drawn by a softmax %s are mostly unseen, of few categories, and begin with one unseen category',
    async (_, options) => {
      const sampler = new PatchSampler(await engine, generator, { size: 3, seen, unseen, batch: 64, ...options });
      const { size, count, labels } = await sampler.sample(200, seeds.child('sampling').stream());
      sampler.dispose();
      const area = size * size;
      expect([count, labels.length]).toEqual([200, 200 * area]);
      const begun = new Set<number>();
      for (let i = 0; i < count; i++) {
        const patch = labels.subarray(i * area, (i + 1) * area);
        expect(patch.filter((c) => c >= seen).length).toBeGreaterThanOrEqual((7 / 9) * area);
        expect(new Set(patch).size).toBeLessThanOrEqual(3);
        expect(Math.max(...patch)).toBeLessThan(seen + unseen);
        expect(new Set(patch.subarray(0, Math.ceil(area / 2))).size).toBe(1);
        begun.add(patch[0]);
      }
      expect(begun).toEqual(new Set([4, 5]));
    },
  );

  test('a rule that next to no patch keeps is refused with what to do', async () => {
    const strict = { size: 3, seen, unseen, batch: 64, given: 0, minUnseen: 9, maxCategories: 0 };
    const sampler = new PatchSampler(await engine, generator, strict);
    await expect(sampler.sample(1, seeds.stream())).rejects.toThrow('raise unseenBoost');
    sampler.dispose();
  });
});

test.each([
  [{ unseen: 0 }, 'without one'],
  [{ given: 10 }, 'at most 9'],
  [{ minUnseen: 10 }, 'at most 9'],
])('impossible rules are refused: %j', async (options, message) => {
  const compiled = await engine;
  const make = () => new PatchSampler(compiled, build(), { size: 3, seen, unseen, ...options });
  expect(make).toThrow(message);
});
