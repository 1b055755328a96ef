import { ignoreAmong, type RandomStream } from '@unseen/core';
import type { LabelledBatch } from '@unseen/experiment';
import {
  BatchNorm,
  readLosses,
  type Scalars,
  type ScheduledOptimizers,
  TrainingStep,
  trackStatistics,
} from '@unseen/nn';
import { ClassVectors, labelPrior, unseenProbabilityOf } from '@unseen/synthesis';
import type { Engine, Program } from '@unseen/tensor';
import { classifierStep } from './classifier-step.ts';
import { pixelGeneration, regionGeneration } from './generator-steps.ts';
import { GeneratorTrainer, type GeneratorTrainerOptions } from './generator-trainer.ts';
import type { Generators } from './generators.ts';
import { pixelSynthesis, type Synthesis } from './pixel-synthesis.ts';
import { joinRegions, RegionSynthesis, type Regions } from './region-synthesis.ts';
import { layOutScene, type SceneOptions } from './scene.ts';
import type { OriginalSetup } from './setup.ts';

/** Optimizers of the second stage: `graph` where there is a generator of regions, `generator` where there is one of pixels. */
export type SceneOptimizers = ScheduledOptimizers & { readonly classifier: ScheduledOptimizers[string] };

/** Runs the steps of ZS3Net's second stage (paper §3.2): generators and classifier learn from the scenes of a batch. */
export class SceneTrainer {
  private readonly setup: OriginalSetup;
  private readonly extractor: TrainingStep;
  private readonly trainers: GeneratorTrainer[] = [];
  /** By the number of regions that are classified besides. */
  private readonly classifier: TrainingStep<number>;
  private readonly scenes: SceneOptions;
  private readonly channels: number;
  /** What synthetic maps are made by. */
  private readonly synthesis: Synthesis;
  private readonly auxiliary: RegionSynthesis | undefined;

  constructor(engine: Engine, setup: OriginalSetup, generators: Generators, optimizers: SceneOptimizers) {
    this.setup = setup;
    const { config, choices, protocol, network, seen, classes } = setup;
    const { finetune, gmmn } = config;
    this.extractor = new TrainingStep({
      engine,
      optimizers: {},
      tracked: network,
      program: () => extractStep(setup),
      compile: { frozen: choices.extractor === 'frozen' },
    });
    const [, height, width, channels] = this.extractor.outputs().features;
    const { classifier } = optimizers;
    this.classifier = new TrainingStep({ engine, optimizers: { classifier }, program: (rows) => this.classify(rows) });
    this.channels = channels;
    const counts = { seen, unseen: classes - seen };
    this.scenes = {
      grid: [height, width],
      seen,
      layout: choices.layout,
      synthetic: finetune.synthetic,
      prior: labelPrior({ ...counts, unseenProbability: unseenProbabilityOf(finetune.unseenProbability, counts) }),
      byRegion: gmmn.graph.use !== 'none',
    };
    const { pixels, regions, noise } = generators;
    const shared = { vectors: new ClassVectors(protocol.vectors), noise, kind: choices.gmmn.noise };
    const trainer = (name: string, generation: GeneratorTrainerOptions['generation']) => {
      const made = new GeneratorTrainer(engine, {
        generation,
        channels,
        choices: choices.gmmn,
        optimizer: optimizers[name],
      });
      this.trainers.push(made);
      return made;
    };
    const byRegion =
      regions &&
      new RegionSynthesis({
        trainer: trainer('graph', (rows) => regionGeneration({ ...shared, generator: regions, rows })),
        choices: choices.graph,
        grid: [height, width],
        background: protocol.split.seen.indexOf(0),
        ignored: ignoreAmong(classes),
      });
    const byPixel =
      pixels &&
      pixelSynthesis({
        trainer: trainer('generator', (rows) => pixelGeneration({ ...shared, generator: pixels, rows })),
        seen,
        samples: gmmn.mmd.maxSamples,
      });
    this.auxiliary = byPixel && byRegion;
    this.synthesis = (byPixel ?? byRegion)!;
  }

  /** One step on a batch of images. */
  async step({ inputs: images, labels }: LabelledBatch, iteration: number, random: RandomStream): Promise<Scalars> {
    const { crop, classes } = this.setup;
    const ignored = ignoreAmong(classes);
    const { batch } = this.setup.config.finetune;
    const [height, width] = this.scenes.grid;
    const size = height * width * this.channels;
    const maps = (await (await this.extractor.look({ images: images[0] }, random)).read('features')).slice();
    const own = new Int32Array(labels[0].length).fill(ignored);
    const drawn = new Int32Array(batch * height * width).fill(ignored);
    const regions: Regions[] = [];
    const losses = { match: [] as number[], matchRegions: [] as number[] };
    let ownLayouts = 0;
    for (let i = 0; i < batch; i++) {
      const truth = labels[0].subarray(i * crop * crop, (i + 1) * crop * crop);
      const scene = layOutScene(truth, crop, this.scenes, random);
      const map = maps.subarray(i * size, (i + 1) * size);
      if (scene.isClean) {
        losses.match.push(...(await this.synthesis.learn(map, scene, iteration, random)));
        losses.matchRegions.push(...((await this.auxiliary?.learn(map, scene, iteration, random)) ?? []));
      }
      if (this.auxiliary) regions.push(await this.auxiliary.regions(map, scene, random));
      if (scene.isSynthetic) map.set(await this.synthesis.generate(scene, random));
      if (scene.isOwnLayout) own.set(truth, i * crop * crop);
      else drawn.set(scene.layout, i * height * width);
      ownLayouts += scene.isOwnLayout ? 1 : 0;
    }
    const joined = this.auxiliary && joinRegions(regions, this.channels, ignored);
    const share = ownLayouts / batch;
    const feeds = {
      features: maps,
      labels: own,
      gridLabels: drawn,
      shares: Float32Array.of(share, 1 - share),
      ...(joined && { regions: joined.features, regionLabels: joined.labels }),
    };
    const classified = await this.classifier.run(feeds, { iteration }, joined?.labels.length ?? 0);
    return {
      ...(await readLosses(classified)),
      ...meanOf('match', losses.match),
      ...meanOf('matchRegions', losses.matchRegions),
    };
  }

  dispose(): void {
    this.extractor.dispose();
    for (const trainer of this.trainers) trainer.dispose();
    this.classifier.dispose();
  }

  private classify(regions: number): Program {
    const { config, choices, network, crop, seen, classes } = this.setup;
    const { batch } = config.finetune;
    return classifierStep({
      network,
      batch,
      grid: this.scenes.grid,
      channels: this.channels,
      crop,
      classWeights: Array.from({ length: classes }, (_, c) => (c < seen ? 1 : choices.unseenWeight)),
      scale: choices.lossPerImage ? 1 / batch : 1,
      ...(regions > 0 && { regions: { count: regions, weight: config.gmmn.graph.weight } }),
    });
  }
}

/** Features of images; with dropout and the statistics of the batch where the released code has them (ZS-3). */
function extractStep({ network, config, crop, choices }: OriginalSetup): Program {
  return {
    name: 'zs3net/extract',
    training: choices.extractor === 'train',
    inputs: { images: { shape: [config.finetune.batch, crop, crop, 3], dtype: 'float32' } },
    describe: (ops, { images }) => {
      const { result: features, outputs } = trackStatistics(
        ops,
        network.descendants(BatchNorm),
        () => network.forward(ops, images).features,
      );
      return { outputs: { features, ...outputs } };
    },
  };
}

/** The mean of some losses under a name, where there are any. */
function meanOf(name: string, losses: readonly number[]): Scalars {
  return losses.length === 0 ? {} : { [name]: losses.reduce((sum, loss) => sum + loss, 0) / losses.length };
}
