import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, type Sample } from '@unseen/core';
import { FeatureExtractor, loadExperiment, loadExperimentBackbone, warpImage } from '@unseen/experiment';
import { ConfusionMatrix, segmentationMetrics } from '@unseen/metrics';
import { createCompiledEngine } from '@unseen/onnx';
import { resizeNearest } from '@unseen/vision';
import { cagnet, openProtocol, type ZeroShotConfig, type ZeroShotProtocol } from '@unseen/zero-shot';
import { beforeAll, describe, expect, it } from 'vitest';
import { fitRidge, type LabelledRows } from './ridge.ts';

// Closed-form classifiers on the features of the real experiments: no randomness, so the figures of an independent
// implementation on the same photos must come out.
const shared = process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../shared');
const anchors = join(shared, 'reference/anchors.json');
const TOLERANCE = 0.003;

type Figures = Readonly<Record<'PA' | 'S' | 'U' | 'zPA' | 'zmIoU', number>>;
type Anchors = Readonly<Record<string, Readonly<Record<string, Figures>> & Readonly<Record<string, number>>>>;

const SETS = [
  { name: 'coco', experiment: 'coco200', slow: false },
  { name: 'voc', experiment: 'voc-animals', slow: true },
];

for (const { name, experiment, slow } of SETS) {
  const isOff = !existsSync(anchors) || (slow && !process.env.UNSEEN_SLOW);
  const why = existsSync(anchors) ? 'set UNSEEN_SLOW=1' : 'no reference data';
  describe.skipIf(isOff)(`${experiment} without training${isOff ? ` (skipped: ${why})` : ''}`, () => {
    let expected: Anchors[string];
    let protocol: ZeroShotProtocol;
    let train: LabelledRows;
    let val: LabelledRows;
    let seenTrain: LabelledRows;
    let ofSeen: (row: Float32Array) => Float64Array;

    beforeAll(async () => {
      expected = ((await readJson(anchors)) as Anchors)[name];
      const file = join(import.meta.dirname, `../../experiments/cagnet/${experiment}.yaml`);
      const loaded = await loadExperiment(file, { methods: { cagnet } });
      const config = loaded.config as unknown as ZeroShotConfig;
      protocol = await openProtocol(config);
      const raw = await extract(config, protocol, protocol.dataset.train);
      const standardize = standardizer(raw.all, raw.channels);
      train = standardize(raw);
      val = standardize(await extract(config, protocol, protocol.dataset.val));
      const seen = protocol.split.seen.length;
      seenTrain = keepRows(train, (label) => label < seen);
      ofSeen = fitRidge(seenTrain, protocol.classes.length);
    }, 600_000);

    it('uses the same pixels', () => {
      const unseen = val.labels.filter((label) => label >= protocol.split.seen.length);
      expect([train.labels.length, seenTrain.labels.length, val.labels.length, unseen.length]).toEqual(
        ['n_train_pixels_all', 'n_train_pixels_seen', 'n_val_pixels', 'n_val_unseen_pixels'].map(
          (key) => expected[key],
        ),
      );
    });

    it('classifies as the reference does with labels of all classes', () => {
      const scores = fitRidge(train, protocol.classes.length);
      expectFigures(measure(scores), expected['ridge-onehot-all'], ['PA', 'S', 'U']);
    });

    it('classifies as the reference does with labels of seen classes', () => {
      expectFigures(measure(ofSeen), expected['ridge-onehot-seen'], ['PA', 'S']);
    });

    // Ridge regression is linear in its targets: with class vectors E for targets the projection is (one-hot scores)·E,
    // and all that is needed of it are its products with the vectors.
    it('segments unseen classes through their vectors as the reference does', () => {
      const products = gramOf(protocol.vectors);
      const scores = (row: Float32Array) => multiply(ofSeen(row), products);
      expectFigures(measure(scores), expected['ridge-word-seen'], ['S', 'U', 'zmIoU']);
    });

    it('does so with centred vectors and cosines', () => {
      const seen = protocol.vectors.slice(0, protocol.split.seen.length);
      const centre = Float64Array.from(seen[0], (_, c) => seen.reduce((sum, v) => sum + v[c], 0) / seen.length);
      const products = gramOf(protocol.vectors.map((vector) => Float64Array.from(vector, (v, c) => v - centre[c])));
      const norms = products.map((row, c) => Math.sqrt(row[c]));
      // The length of the projection is the same for all classes.
      const scores = (row: Float32Array) => multiply(ofSeen(row), products).map((product, c) => product / norms[c]);
      expectFigures(measure(scores), expected['ridge-word-seen-centred-cosine'], ['S', 'U', 'zmIoU']);
    });

    /** Generalised figures, and those of unseen pixels among unseen classes only (`z…`). */
    function measure(scores: (row: Float32Array) => ArrayLike<number>): Figures {
      const { classes, split } = protocol;
      const first = split.seen.length;
      const generalised = new ConfusionMatrix(classes.length);
      const vanilla = new ConfusionMatrix(split.unseen.length);
      val.labels.forEach((label, i) => {
        const row = Array.from(scores(val.features.subarray(i * val.channels, (i + 1) * val.channels)));
        generalised.add(Int32Array.of(label), Int32Array.of(argMax(row)));
        if (label >= first) vanilla.add(Int32Array.of(label - first), Int32Array.of(argMax(row.slice(first))));
      });
      const table = classes.map(({ id, name }, c) => ({
        id,
        name,
        group: c < first ? ('seen' as const) : ('unseen' as const),
      }));
      const all = segmentationMetrics(generalised, { classes: table });
      const z = segmentationMetrics(vanilla, { classes: table.slice(first) });
      return { PA: all.PA!, S: all.seenMIoU!, U: all.unseenMIoU!, zPA: z.PA!, zmIoU: z.mIoU! };
    }
  });
}

/** Features of labelled positions with their channels, and all features for the statistics. */
async function extract(config: ZeroShotConfig, { labels }: ZeroShotProtocol, samples: readonly Sample[]) {
  const engine = createCompiledEngine();
  const [height, width] = config.data.size;
  const extractor = new FeatureExtractor(engine, await loadExperimentBackbone(config.backbone), {
    size: [height, width],
    flip: false,
  });
  const { grid, channels } = extractor;
  const positions = grid[0] * grid[1];
  const all = new Float32Array(samples.length * positions * channels);
  const found: number[] = [];
  for (const [i, sample] of samples.entries()) {
    all.set(await extractor.extract(warpImage(await sample.image(), config)), i * positions * channels);
    const warped = resizeNearest(await sample.mask!(), height, width);
    found.push(...labels.toTestChannels(resizeNearest(warped, ...grid)).data);
  }
  engine.dispose();
  return { channels, all, found };
}

/** Per channel over all positions of the training images, (f - mean) / (std + 10⁻³); keeps labelled positions. */
function standardizer(train: Float32Array, channels: number) {
  const mean = new Float64Array(channels);
  const square = new Float64Array(channels);
  const rows = train.length / channels;
  for (let i = 0; i < train.length; i++) mean[i % channels] += train[i] / rows;
  for (let i = 0; i < train.length; i++) square[i % channels] += (train[i] - mean[i % channels]) ** 2 / rows;
  const gain = square.map((s) => 1 / (Math.sqrt(s) + 1e-3));
  return ({ all, found }: { all: Float32Array; found: readonly number[] }): LabelledRows => {
    const features = all.map((value, i) => (value - mean[i % channels]) * gain[i % channels]);
    return keepRows({ channels, features, labels: found }, (label) => label < 255);
  };
}

function keepRows({ channels, features, labels }: LabelledRows, isKept: (label: number) => boolean): LabelledRows {
  const kept = labels.flatMap((label, i) => (isKept(label) ? [i] : []));
  const rows = new Float32Array(kept.length * channels);
  kept.forEach((row, i) => {
    rows.set(features.subarray(row * channels, (row + 1) * channels), i * channels);
  });
  return { channels, features: rows, labels: kept.map((row) => labels[row]) };
}

function expectFigures(found: Figures, expected: Figures, names: readonly (keyof Figures)[]): void {
  for (const name of names) expect(Math.abs(found[name] - expected[name]), name).toBeLessThanOrEqual(TOLERANCE);
}

function argMax(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

/** Products of all pairs of vectors. */
function gramOf(vectors: readonly ArrayLike<number>[]): Float64Array[] {
  return vectors.map((a) => Float64Array.from(vectors, (b) => dot(a, b)));
}

/** Row times symmetric matrix. */
function multiply(row: Float64Array, matrix: readonly Float64Array[]): Float64Array {
  return Float64Array.from(matrix, (line) => dot(row, line));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
