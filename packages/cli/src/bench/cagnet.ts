import type { SeedTree } from '@unseen/core';
import { Trunk } from '@unseen/experiment';
import { mmdLoss, Standardize } from '@unseen/nn';
import { ClassVectors, FeatureGenerator } from '@unseen/synthesis';
import { Cagnet, cagnetSettings, chooseByProfile, realStep, syntheticStep } from '@unseen/zero-shot';
import { type Benchmark, type Tensor, weightsOf } from './benchmark.ts';
import { normalValues } from './networks.ts';
import { programBenchmark } from './program-benchmark.ts';

/** Share of positions without a label. */
const IGNORED = 0.1;

/** Pascal VOC at the sizes of the released code, with one scale. */
const VOC = {
  batch: 8,
  grid: 41,
  channels: 600,
  embedding: 600,
  seen: 15,
  unseen: 5,
  width: 256,
  dilations: [1, 2, 5],
  hidden: [1024, 960, 864, 784, 720],
  dropout: [0.1, 0.1, 0.3, 0.5, 0.5],
  headsHidden: 1024,
  headsDropout: 0.5,
  centreOffset: 0.5,
  centreScale: 4,
  weights: {
    classifyReal: 1,
    classifyFake: 0,
    kl: 0.1,
    contextualClassify: 0.5,
    content: 10,
    adversarial: 1,
    generatorClassify: 0,
  },
};
type CagnetSizes = typeof VOC;

const TINY: CagnetSizes = {
  ...VOC,
  batch: 2,
  grid: 5,
  channels: 6,
  embedding: 4,
  seen: 3,
  unseen: 2,
  width: 4,
  dilations: [1, 2],
  hidden: [9, 8],
  dropout: [0.1, 0.5],
  headsHidden: 7,
};

/** The networks of the profile `default` with random class vectors. */
function build(sizes: CagnetSizes, seeds: SeedTree) {
  const settings = cagnetSettings.shape.cagnet.parse({
    network: {
      contextual: { width: sizes.width, dilations: sizes.dilations },
      generator: { hidden: sizes.hidden, dropout: sizes.dropout },
      heads: {
        hidden: sizes.headsHidden,
        dropout: sizes.headsDropout,
        centre: { offset: sizes.centreOffset, scale: sizes.centreScale },
      },
    },
  });
  const choices = chooseByProfile('default', settings);
  const model = new Cagnet(sizes, settings.network, choices, seeds.child('weights'));
  const classes = sizes.seen + sizes.unseen;
  const table = normalValues([classes, sizes.embedding], seeds.child('vectors'));
  const rows = Array.from({ length: classes }, (_, i) =>
    table.subarray(i * sizes.embedding, (i + 1) * sizes.embedding),
  );
  const vectors = new ClassVectors(rows);
  const constants = new Map<string, Tensor>([['vectors', { shape: [classes, sizes.embedding], values: table }]]);
  return { model, choices, vectors, classes, constants, weights: weightsOf(model.namedParameters()) };
}

function randomLabels(length: number, classes: number, ignored: number, seeds: SeedTree): Int32Array {
  const random = seeds.stream();
  return Int32Array.from({ length }, () => (random.uniform() < ignored ? 255 : random.integer(classes)));
}

const step1 = programBenchmark({
  name: 'cagnet-step1',
  step: 'CaGNet on real features (600 channels, 41x41, batch 8): one forward, three losses with their gradients, Adam',
  torch: 'cagnet-real',
  sizes: VOC,
  tiny: TINY,
  build(sizes, seeds) {
    const { model, choices, vectors, constants, weights } = build(sizes, seeds);
    const { batch, grid, channels } = sizes;
    const scaler = new Standardize(channels, {
      mean: normalValues([channels], seeds.child('mean')),
      deviation: new Float32Array(channels).fill(1.25),
    });
    const program = realStep({
      model,
      trunk: new Trunk({ channels, scaler }),
      vectors,
      choices,
      weights: sizes.weights,
      batch,
      grids: [[grid, grid]],
      channels,
      trainContextual: true,
    });
    return {
      program,
      feeds: {
        maps0: normalValues([batch, grid, grid, channels], seeds.child('features')),
        labels0: randomLabels(batch * grid * grid, sizes.seen, IGNORED, seeds.child('labels')),
      },
      weights,
      constants: new Map([...constants, ['mean', scaler.mean], ['gain', scaler.gain]]),
      optimizer: 'adam',
    };
  },
});

const step2 = programBenchmark({
  name: 'cagnet-step2',
  step: 'CaGNet on synthetic features (8·41·41 pixels): generator, classifier, its gradients, Adam',
  torch: 'cagnet-synthetic',
  sizes: { ...VOC, draws: VOC.batch * VOC.grid * VOC.grid },
  tiny: { ...TINY, draws: 40 },
  build(sizes, seeds) {
    const { model, vectors, classes, constants, weights } = build(sizes, seeds);
    const { draws, channels } = sizes;
    return {
      program: syntheticStep({
        generator: model.generator,
        classifier: model.heads,
        vectors,
        draws,
        latent: channels,
        transfer: { heads: 1, generator: 0 },
      }),
      feeds: { labels: randomLabels(draws, classes, 0, seeds.child('labels')) },
      weights,
      constants,
      optimizer: 'adam',
    };
  },
});

const gmmn = programBenchmark({
  name: 'gmmn-step',
  step: 'GMMN: 600+600 to 600 channels, MMD between 128 generated and 128 real pixels of a class, Adam',
  torch: 'gmmn',
  sizes: {
    samples: 128,
    embedding: 600,
    latent: 600,
    channels: 600,
    hidden: VOC.hidden,
    dropout: VOC.dropout,
    linear: false,
  },
  tiny: { samples: 6, embedding: 4, latent: 3, channels: 5, hidden: [7], dropout: [0.5], linear: true },
  build({ samples, embedding, latent, channels, hidden, dropout, linear }, seeds) {
    const output = linear ? 'linear' : 'sigmoid';
    const generator = new FeatureGenerator({
      embedding,
      latent,
      features: channels,
      hidden,
      dropout,
      output,
      seeds: seeds.child('weights'),
    });
    const words = normalValues([embedding], seeds.child('word'));
    return {
      program: {
        name: 'gmmn-step',
        training: true,
        inputs: {
          words: { shape: [samples, embedding], dtype: 'float32' },
          real: { shape: [samples, channels], dtype: 'float32' },
          indices: { shape: [1, samples], dtype: 'int32' },
          mask: { shape: [1, samples], dtype: 'float32' },
        },
        describe: (ops, inputs) => {
          const fake = generator.forward(ops, inputs.words, ops.normal([samples, latent]));
          const loss = mmdLoss(
            ops,
            fake,
            inputs.real,
            { indices: inputs.indices, mask: inputs.mask },
            { scale: 'full' },
          );
          return { outputs: {}, losses: { loss: { value: loss, parameters: generator.parameters() } } };
        },
      },
      feeds: {
        words: Float32Array.from({ length: samples * embedding }, (_, i) => words[i % embedding]),
        real: normalValues([samples, channels], seeds.child('real')),
        indices: Int32Array.from({ length: samples }, (_, i) => i),
        mask: new Float32Array(samples).fill(1),
      },
      weights: weightsOf(generator.namedParameters()),
      optimizer: 'adam',
    };
  },
});

/** Steps that learn from features. */
export const featureSteps: readonly Benchmark[] = [step1, step2, gmmn];
