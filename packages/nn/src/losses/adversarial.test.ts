import { SeedTree } from '@unseen/core';
import { Parameter } from '@unseen/tensor';
import { describe, expect, test } from 'vitest';
import { checkGradients, evaluate } from '../evaluate.suite.ts';
import { type GanKind, ganLosses, gradientPenalty } from './adversarial.ts';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const real = [2, -0.5, 9];
const fake = [0.3, 1.5, 9];
const mask = [1, 1, 0];
const mean = (scores: number[], f: (p: number) => number) => (f(sigmoid(scores[0])) + f(sigmoid(scores[1]))) / 2;

const expected: Record<Exclude<GanKind, 'wgan-gp'>, [discriminator: number, generator: number]> = {
  lsgan: [mean(fake, (p) => p ** 2) + mean(real, (p) => (1 - p) ** 2), mean(fake, (p) => (1 - p) ** 2)],
  l1: [mean(fake, (p) => p) + mean(real, (p) => 1 - p), mean(fake, (p) => 1 - p)],
  gan: [mean(fake, (p) => -Math.log(1 - p)) + mean(real, (p) => -Math.log(p)), mean(fake, (p) => -Math.log(p))],
  wgan: [mean(fake, (p) => p) - mean(real, (p) => p), -mean(fake, (p) => p)],
};

describe.each(Object.entries(expected))('%s', (kind, [discriminator, generator]) => {
  test('values over the mask', async () => {
    const result = await evaluate((ops) => {
      const scores = {
        real: ops.constant(real, [3, 1]),
        fake: ops.constant(fake, [3, 1]),
        mask: ops.constant(mask, [3]),
      };
      const loss = ganLosses[kind as GanKind];
      return { discriminator: loss.discriminator(ops, scores), generator: loss.generator(ops, scores) };
    });
    expect(result.discriminator[0]).toBeCloseTo(discriminator, 5);
    expect(result.generator[0]).toBeCloseTo(generator, 5);
  });

  test('gradients', async () => {
    const [a, b] = [real, fake].map((values) => new Parameter([3, 1], { values: Float32Array.from(values) }));
    await checkGradients(
      (ops) => {
        const scores = { real: ops.parameter(a), fake: ops.parameter(b), mask: ops.constant(mask, [3]) };
        return { loss: ganLosses[kind as GanKind].discriminator(ops, scores) };
      },
      [a, b],
    );
  });
});

test('the gradient penalty of a linear critic is known, and its own gradient is right', async () => {
  const random = new SeedTree(4).stream();
  const weight = new Parameter([1, 2], { values: Float32Array.of(0.6, -1.1) });
  const map = () => [...random.fillNormal(new Float32Array(8))];
  const inputs = {
    real: { shape: [2, 1, 2, 2], values: map() },
    fake: { shape: [2, 1, 2, 2], values: map() },
    mask: { shape: [2, 1, 2], values: [1, 0, 1, 1] },
    alpha: { shape: [2, 1, 1, 1], values: [0.25, 0.75] },
  };
  let norms = 0;
  for (const [n, alpha] of [0.25, 0.75].entries()) {
    let squares = 0;
    for (const p of [0, 1]) {
      if (inputs.mask.values[2 * n + p] === 0) continue;
      const at = (c: number) => {
        const i = 4 * n + 2 * p + c;
        return alpha * inputs.real.values[i] + (1 - alpha) * inputs.fake.values[i];
      };
      const s = sigmoid(at(0) * weight.values[0] + at(1) * weight.values[1]);
      squares += (s * (1 - s)) ** 2 * (weight.values[0] ** 2 + weight.values[1] ** 2);
    }
    norms += (Math.sqrt(squares) - 1) ** 2 / 2;
  }
  const penalty: Parameters<typeof checkGradients>[0] = (ops, maps) => {
    const { real, fake, mask, alpha } = maps;
    const critic = (x: typeof real) => {
      const filter = ops.reshape(ops.parameter(weight), [1, 2, 1, 1]);
      return ops.conv2d(x, filter);
    };
    return { loss: gradientPenalty(ops, critic, { real, fake, mask, alpha }) };
  };
  const { loss } = await evaluate(penalty, { inputs });
  expect(loss[0]).toBeCloseTo(10 * norms, 4);
  await checkGradients(penalty, [weight], { inputs });
});

test('wgan-gp insists on its penalty', async () => {
  const run = evaluate((ops) => {
    const one = ops.constant([1], [1, 1]);
    return { x: ganLosses['wgan-gp'].discriminator(ops, { real: one, fake: one, mask: one }) };
  });
  await expect(run).rejects.toThrow('penalty');
});
