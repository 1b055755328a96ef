import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import { ConfusionMatrix, type MetricClass, segmentationMetrics, transferControl } from '@unseen/metrics';
import { encode } from 'fast-png';

/** What a made-up run is like. */
export interface MadeUpRun {
  readonly name?: string;
  readonly seed?: number;
  readonly side?: number;
  readonly classes?: readonly MetricClass[];
  readonly protocol?: Readonly<Record<string, string>>;
  readonly settings?: string;
  readonly panels?: readonly string[];
  readonly extraLog?: readonly unknown[];
}

const SEEN = [
  'red disc',
  'red square',
  'green disc',
  'green ring',
  'blue square',
  'blue ring',
  'grey disc',
  'striped square',
];
const UNSEEN = ['green square', 'blue disc', 'striped ring'];

/** Classes of a small made-up split; the last seen one never occurs. */
export const MADE_UP_CLASSES: readonly MetricClass[] = [
  ...[...SEEN, 'absent thing'].map((name, i) => ({ id: i + 1, name, group: 'seen' as const })),
  ...UNSEEN.map((name, i) => ({ id: i + 40, name, group: 'unseen' as const })),
];

const CURVE = {
  points: [
    { gamma: -9, seenMIoU: 0.75, unseenMIoU: 0 },
    { gamma: -0.5, seenMIoU: 0.6, unseenMIoU: 0.25 },
    { gamma: 2, seenMIoU: 0, unseenMIoU: 0.375 },
  ],
  area: 0.28125,
  best: { gamma: -0.5, hIoU: 0.6875 },
};

const colorOf = (c: number): [number, number, number] => [
  (c * 97 + 40) % 256,
  (c * 57 + 130) % 256,
  (c * 151 + 80) % 256,
];

/** Writes a complete run folder with invented numbers and pictures. */
export async function writeMadeUpRun(folder: string, options: MadeUpRun = {}): Promise<string> {
  const { seed = 0, side = 64, classes = MADE_UP_CLASSES, panels = ['scene-1', 'scene-2', 'scene-3'], name } = options;
  const random = new SeedTree(seed).stream();
  const k = classes.length;
  const occurring = [...classes.keys()].filter((c) => !classes[c].name.startsWith('absent'));
  const seen = occurring.filter((c) => classes[c].group === 'seen');
  const truth = new SeedTree(7).stream();
  const labels = Uint16Array.from({ length: 30000 }, () => occurring[truth.integer(occurring.length)]);
  const guess = (pool: readonly number[], unseenRate: number) =>
    labels.map((label) => {
      const rate = classes[label].group === 'seen' ? 0.75 : unseenRate;
      if (random.uniform() < rate) return label;
      return pool[Math.min(random.integer(pool.length), random.integer(pool.length))];
    });
  const method = (predictions: Uint16Array) => {
    const matrix = new ConfusionMatrix(k).add(labels, predictions);
    const vanilla = { PA: 0.625, mIoU: 0.4375 };
    const metrics = segmentationMetrics(matrix, { classes });
    const control = transferControl(matrix, classes, metrics.seenMIoU);
    return { ...metrics, vanilla, control, curve: CURVE, confusion: matrix.toRows() };
  };
  const metrics = {
    methods: { 'seen-only': method(guess(seen, 0)), cagnet: method(guess(occurring, 0.45)) },
    protocol: options.protocol ?? {
      dataset: 'toy-attributes',
      backbone: 'test_resnet',
      split: `${seen.length} seen, ${k - seen.length} unseen combinations of attributes`,
      vectors: 'fastText on captions, 32 dimensions',
    },
    seconds: 127.4,
    seed,
  };
  const put = async (file: string, content: string | Uint8Array) => {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), content);
  };
  await put('metrics.json', JSON.stringify(metrics));
  await put(
    'config.yaml',
    options.settings ??
      `name: ${name ?? 'toy'}\nseed: ${seed}\ntrain:\n  iterations: 400\n  rate: 0.001\nclasses: [a, b]\n`,
  );
  await put('environment.json', JSON.stringify({ node: process.version, backend: 'onnxruntime', seed }));
  const lines: unknown[] = [];
  for (let iteration = 0; iteration < 400; iteration += 5) {
    const decay = Math.exp(-iteration / 120);
    const noise = () => 0.04 * random.normal();
    lines.push({
      ...{ stage: 'train', iteration, rate: 0.001, time: iteration / 10 },
      losses: {
        segmentation: 2.2 * decay + 0.3 + noise(),
        content: 0.4 * decay + 0.1 + noise() / 4,
        adversarial: 0.25 + noise() / 4,
        KL: 1.5 * (1 - decay) + 0.2 + noise(),
        latentGap: 0.2 * decay + noise() / 8,
      },
    });
  }
  for (let iteration = 0; iteration < 200; iteration += 5) {
    const losses = { classifier: Math.exp(-iteration / 60) + 0.2 };
    lines.push({ stage: 'finetune', iteration, rate: 5e-5, losses });
    if (iteration % 50 === 0) {
      const metrics = { seenMIoU: 0.6 - iteration / 2000, unseenMIoU: iteration / 600, hIoU: iteration / 400 };
      lines.push({ stage: 'finetune', iteration, metrics });
    }
  }
  lines.push(...(options.extraLog ?? []));
  await put('log.jsonl', lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  for (const [i, id] of panels.entries()) {
    const picture = (wrong: number) => {
      const data = new Uint8Array(side * side * 3);
      for (let p = 0; p < side * side; p++) {
        const [x, y] = [p % side, Math.floor(p / side)];
        const inside = (x - side / 2) ** 2 + (y - side / 2) ** 2 < (side / 3) ** 2;
        data.set(colorOf(inside ? occurring.length - 1 - i + (x < side * wrong ? 2 : 0) : i), p * 3);
      }
      return encode({ width: side, height: side, data, channels: 3 });
    };
    await put(`panels/${id}.image.png`, picture(0));
    await put(`panels/${id}.truth.png`, picture(0));
    await put(`panels/${id}.seen-only.png`, picture(1));
    await put(`panels/${id}.cagnet.png`, picture(0.4));
  }
  const legend = classes.map((c, i) => ({ name: c.name, color: colorOf(i), group: c.group }));
  await put('panels/legend.json', JSON.stringify(legend));
  return folder;
}
