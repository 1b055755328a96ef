import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FeatureHeads } from '@unseen/classifier';
import {
  type ContentKind,
  contentLoss,
  crossEntropy,
  type GanKind,
  ganLosses,
  gradientPenalty,
  groupPixels,
  klDivergence,
  labelMask,
  maskedMean,
  mmdLoss,
  multiLabelSoftMargin,
} from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { describe, expect, it } from 'vitest';
import { type CompareOptions, expectForAll } from './compare.ts';
import { type Draw, draws, labelInput, maskInput, normalInput, type Sample, type SampleInput, stir } from './sample.ts';

const LOSSES = join(import.meta.dirname, '../../packages/nn/src/losses');

/** A loss on the positions of a map [n, h, w] or on rows [n]. */
type MakeSample = (draw: Draw, positions: readonly number[]) => Omit<Sample, 'name'>;

interface LossCase extends CompareOptions {
  readonly sample: MakeSample;
}

const CHANNELS = 5;
const CLASSES = 4;

/** Two feature maps with a mask of the positions that count. */
function featurePair(draw: Draw, positions: readonly number[], share?: number) {
  return {
    fake: normalInput(draw, 'fake', [...positions, CHANNELS]),
    real: normalInput(draw, 'real', [...positions, CHANNELS]),
    mask: maskInput(draw, positions, share),
  };
}

const classification =
  (ignored: number): MakeSample =>
  (draw, positions) => ({
    inputs: {
      logits: normalInput(draw, 'logits', [...positions, CLASSES], (x) => 1.5 * x),
      labels: labelInput(draw, positions, CLASSES, ignored),
    },
    forward: (ops, { logits, labels }) => ({ loss: crossEntropy(ops, logits, labels) }),
  });

/** Row numbers and mask of the groups of random labels. */
function groupInputs(draw: Draw, positions: readonly number[]): { indices: SampleInput; mask: SampleInput } {
  const labels = labelInput(draw, positions, CLASSES, 0.2).values;
  const random = draw.seeds.child('groups').stream();
  const { indices, mask, groups, samples } = groupPixels(labels, {
    by: draw.batch === 2 ? 'run' : 'class',
    classes: CLASSES,
    maxSamples: 6,
    maxGroups: 5,
    random,
  });
  const shape = [groups, samples];
  return { indices: { shape, dtype: 'int32', values: indices }, mask: { shape, dtype: 'float32', values: mask } };
}

const mmd = (scale: 'half' | 'full', root: boolean): LossCase => ({
  // The distance of a row from itself is 0 up to rounding, and has no slope.
  avoidKinks: false,
  sample: (draw, positions) => {
    const rows = positions.reduce((a, b) => a * b, 1);
    return {
      inputs: {
        fake: normalInput(draw, 'fake', [rows, CHANNELS]),
        real: normalInput(draw, 'real', [rows, CHANNELS], (x) => 0.5 * x + 1),
        ...groupInputs(draw, positions),
      },
      forward: (ops, { fake, real, indices, mask }) => ({
        loss: mmdLoss(ops, fake, real, { indices, mask: ops.stopGradient(mask) }, { scale, root }),
      }),
    };
  },
});

const masked =
  (share: number, keepAxis: boolean): MakeSample =>
  (draw, positions) => ({
    inputs: {
      x: normalInput(draw, 'x', [...positions, CHANNELS], Math.abs),
      mask: maskInput(draw, keepAxis ? [...positions, 1] : positions, share),
    },
    forward: (ops, { x, mask }) => ({ loss: maskedMean(ops, x, ops.stopGradient(mask)) }),
  });

const divergence =
  (share: number): MakeSample =>
  (draw, positions) => {
    const { fake: mu, real: logVariance, mask } = featurePair(draw, positions, share);
    return {
      inputs: { mu, logVariance, mask },
      forward: (ops, { mu, logVariance, mask }) => ({
        loss: klDivergence(ops, mu, logVariance, ops.stopGradient(mask)),
      }),
    };
  };

const content = (kind: Exclude<ContentKind, 'mmd'>): LossCase => ({
  sample: (draw, positions) => ({
    inputs: featurePair(draw, positions),
    forward: (ops, { fake, real, mask }) => ({
      loss: contentLoss(ops, kind, fake, real, { mask: ops.stopGradient(mask) }),
    }),
  }),
});

/** Typed by the kinds of content losses: a new one needs its case. */
const contentCases: Readonly<Record<ContentKind, LossCase>> = {
  mse: content('mse'),
  l1: content('l1'),
  mmd: {
    avoidKinks: false,
    sample: (draw, positions) => {
      const { indices, mask } = groupInputs(draw, positions);
      const { fake, real } = featurePair(draw, positions);
      return {
        inputs: { fake, real, indices, mask },
        forward: (ops, { fake, real, indices, mask }) => ({
          loss: contentLoss(ops, 'mmd', fake, real, { groups: { indices, mask: ops.stopGradient(mask) } }),
        }),
      };
    },
  },
};

/** All terms of an adversarial loss, with a penalty for those that need one. */
const adversarial = (kind: GanKind): LossCase => ({
  sample: (draw, positions) => {
    // The terms of Wasserstein critics are differences: with scores on different sides they do not cancel.
    const score = (name: string, side: 1 | -1) =>
      normalInput(draw, name, [...positions, 1], (x) => side * Math.abs(2 * x));
    return {
      inputs: { real: score('real', 1), fake: score('fake', -1), mask: maskInput(draw, positions) },
      forward<V>(ops: Ops<V>, { real, fake, mask }: Readonly<Record<string, V>>) {
        const scores = { real, fake, mask: ops.stopGradient(mask), penalty: ops.mean(ops.square(fake)) };
        const terms = Object.entries(ganLosses[kind]) as [string, (ops: Ops<V>, given: typeof scores) => V][];
        return Object.fromEntries(terms.map(([name, term]) => [name, term(ops, scores)]));
      },
    };
  },
});

/** The penalty on the slope of a critic, a loss made of gradients; on maps only. */
const penalty: MakeSample = (draw, positions) => {
  const heads = stir(
    new FeatureHeads({ features: CHANNELS, hidden: 7, classes: 2, dropout: 0, seeds: draw.seeds.child('heads') }),
    draw,
  );
  const map = positions.length === 3 ? positions : [positions[0], 1, 1];
  const alpha = normalInput(draw, 'alpha', [map[0], 1, 1, 1], (x) => 1 / (1 + Math.exp(-x)));
  return {
    inputs: { ...featurePair(draw, map), alpha },
    parameters: [...heads.trunk.parameters(), ...heads.discriminator.parameters()],
    forward: (ops, { real, fake, mask, alpha }) => ({
      loss: gradientPenalty(ops, (x) => heads.forward(ops, x).realness, {
        real,
        fake,
        mask: ops.stopGradient(mask),
        alpha: ops.stopGradient(alpha),
      }),
    }),
  };
};

/** The cases of every function that the folder of losses exports. */
const cases: Readonly<Record<string, Readonly<Record<string, LossCase>>>> = {
  crossEntropy: {
    'with ignored labels': { sample: classification(0.3) },
    'with none labelled': { sample: classification(1) },
  },
  labelMask: {
    'as a mask of features': {
      sample: (draw, positions) => ({
        inputs: {
          x: normalInput(draw, 'x', [...positions, CHANNELS], Math.abs),
          labels: labelInput(draw, positions, CLASSES),
        },
        forward(ops, { x, labels }) {
          const mask = labelMask(ops, labels, CLASSES - 1);
          return { mask, loss: maskedMean(ops, x, mask) };
        },
      }),
    },
  },
  maskedMean: {
    'of some positions': { sample: masked(0.6, false) },
    'with a mask of one channel': { sample: masked(0.6, true) },
    'of none': { sample: masked(0, false) },
  },
  klDivergence: { 'of some positions': { sample: divergence(0.6) }, 'of none': { sample: divergence(0) } },
  contentLoss: contentCases,
  mmdLoss: {
    'half, with its root': mmd('half', true),
    'half, squared': mmd('half', false),
    'full, with its root': mmd('full', true),
    'full, squared': mmd('full', false),
  },
  multiLabelSoftMargin: {
    'of some labels': {
      sample: (draw, positions) => ({
        inputs: {
          logits: normalInput(draw, 'logits', [...positions, CLASSES], (x) => 3 * x),
          targets: maskInput(draw, [...positions, CLASSES], 0.4),
        },
        forward: (ops, { logits, targets }) => ({ loss: multiLabelSoftMargin(ops, logits, targets) }),
      }),
    },
  },
  gradientPenalty: { 'of the heads': { sample: penalty } },
};

const adversarialCases = Object.fromEntries(
  (Object.keys(ganLosses) as GanKind[]).map((kind) => [kind, adversarial(kind)]),
);

/** What the folder exports besides losses, and what has cases of its own. */
const OTHERS = ['groupPixels', 'MMD_BANDWIDTHS', 'ganLosses'];

it('has a case for every loss', async () => {
  const files = readdirSync(LOSSES).filter((file) => !/\.(test|suite)\.ts$/.test(file));
  const modules: object[] = await Promise.all(files.map((file) => import(join(LOSSES, file))));
  const exported = modules.flatMap((module) => Object.keys(module));
  expect([...Object.keys(cases), ...OTHERS].sort()).toEqual(exported.sort());
});

describe.each(Object.entries({ ...cases, ganLosses: adversarialCases }))('%s', (_, variants) => {
  it.each(Object.entries(variants))('%s: the same, compiled and eager, on maps and on rows', async (name, given) => {
    const { sample, ...options } = given;
    await expectForAll(draws(1, 7), (draw) => ({ name, ...sample(draw, [draw.batch, draw.height, draw.width]) }), {
      runs: 6,
      ...options,
    });
    await expectForAll(draws(1, 12), (draw) => ({ name, ...sample(draw, [draw.height * draw.batch]) }), {
      runs: 6,
      ...options,
    });
  });
});
