import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FeatureStore, writeFeatureStore } from '@unseen/data';
import { ConfusionMatrix } from '@unseen/metrics';
import { type Benchmark, defineBenchmark } from './benchmark.ts';
import { normalValues } from './networks.ts';

const confusionMatrix = defineBenchmark({
  name: 'confusion-matrix',
  step: '512x512 pixels of 20 classes, a tenth of them ignored',
  torch: 'confusion',
  sizes: { classes: 20, side: 512 },
  tiny: { classes: 3, side: 6 },
  async prepare({ classes, side }, { seeds }) {
    const random = seeds.child('labels').stream();
    const pixels = side * side;
    const labels = Uint8Array.from({ length: pixels }, () => (random.uniform() < 0.1 ? 255 : random.integer(classes)));
    const predictions = Uint8Array.from({ length: pixels }, () => random.integer(classes));
    const score = () => new ConfusionMatrix(classes).add(labels, predictions);
    return {
      step: async () => void score(),
      async check() {
        const matrix = score();
        const cells = Array.from({ length: classes * classes }, (_, i) =>
          matrix.at(Math.floor(i / classes), i % classes),
        );
        return {
          given: new Map([
            ['input.labels', { shape: [pixels], values: labels }],
            ['input.predictions', { shape: [pixels], values: predictions }],
          ]),
          expected: new Map([['output.counts', { shape: [classes, classes], values: Float32Array.from(cells) }]]),
        };
      },
      dispose: async () => {},
    };
  },
});

const storeRead = defineBenchmark({
  name: 'store-read',
  step: '8 random views (600 channels, 41x41) of an Arrow feature store',
  sizes: { views: 64, batch: 8, grid: 41, channels: 600 },
  tiny: { views: 3, batch: 2, grid: 4, channels: 5 },
  async prepare({ views, batch, grid, channels }, { seeds, folder }) {
    const path = join(folder, 'store.arrow');
    const features = normalValues([grid, grid, channels], seeds.child('features'));
    const provenance = {
      backbone: 'benchmark',
      weights: '',
      config: '',
      dataset: 'benchmark',
      subset: 'train',
      views: ['whole'],
      normalization: { channelOrder: 'rgb', mean: [0, 0, 0], std: [1, 1, 1] },
    } as const;
    await writeFeatureStore(path, { provenance, channels }, async (writer) => {
      for (let i = 0; i < views; i++) {
        const labels = new Uint8Array(grid * grid);
        await writer.append({ id: `${i}`, view: 'whole', height: grid, width: grid, features, labels });
      }
    });
    const store = await FeatureStore.open(path);
    const random = seeds.child('order').stream();
    const target = new Float32Array(batch * features.length);
    return {
      async step() {
        for (let i = 0; i < batch; i++) await store.readInto(random.integer(views), target, i * features.length);
      },
      check: async () => ({ given: new Map(), expected: new Map() }),
      async dispose() {
        await store.close();
        await rm(path);
      },
    };
  },
});

/** What runs on the host alone. */
export const hostBenchmarks: readonly Benchmark[] = [confusionMatrix, storeRead];
