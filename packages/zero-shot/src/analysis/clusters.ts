import {
  type AnalysedClass,
  type AnalysisResult,
  type Clustering,
  type ClustersAnalysis,
  clusterFeatures,
  FeatureReservoir,
  nearest,
} from '@unseen/analysis';
import { didYouMean, ignoreOf, type LabelData, listNames, type RgbImage, type SeedTree, UserError } from '@unseen/core';
import type { Program } from '@unseen/tensor';
import { overlay, resizeNearest } from '@unseen/vision';
import { analysedImages, type ImageChoice } from './analysed-images.ts';
import type { ContextualRun } from './contextual-run.ts';
import { classesOf, headOf } from './head.ts';
import { SERIES_COLORS, truthPicture } from './pictures.ts';
import { projectGenerated } from './projection.ts';

/** Options of {@link analyzeClusters}. */
export interface ClustersOptions extends ImageChoice {
  /** Name of the class to cluster. Default: the unseen one with the most pixels (in `train`, the seen one). */
  readonly className?: string;
  /** Numbers of clusters. Default: 2, 4 and 8. */
  readonly clusters?: readonly number[];
  /** Images to paint. Default: 6. */
  readonly pictures?: number;
  /** Features of the class that are clustered, a sample of all. Default: 3000. */
  readonly maxPixels?: number;
  /** Real and generated features of each class in the projection. Default: 100. */
  readonly points?: number;
}

interface Painted {
  readonly id: string;
  readonly photo: RgbImage;
  readonly labels: LabelData;
  readonly real: Float32Array;
}

/**
 * K-means of the features of one class's pixels, drawn back on the images, and a projection of real and generated
 * features (z ~ N(0, I)) on the principal components of the real ones.
 */
export async function analyzeClusters(
  run: ContextualRun,
  options: ClustersOptions = {},
): Promise<AnalysisResult<ClustersAnalysis>> {
  const { clusters: counts = [2, 4, 8] } = options;
  const most = SERIES_COLORS.length;
  if (counts.length === 0 || counts.some((k) => !Number.isInteger(k) || k < 1 || k > most)) {
    throw new UserError({ given: `${counts.join(', ')} clusters`, expected: `numbers from 1 to ${most}` });
  }
  const seeds = run.seeds.child('clusters');
  const classes = classesOf(run);
  const named = options.className === undefined ? undefined : channelOf(classes, options.className);
  const reader = new FeatureReader(run);
  try {
    const { reservoirs, images } = await sampleClasses(reader, { ...options, seeds });
    const channel = named ?? largestClass(classes, reservoirs, options.subset === 'train' ? 'seen' : 'unseen');
    const own = await sampleClass(reader, channel, { ...options, seeds: seeds.child(classes[channel].id) });
    if (own.reservoir.offered === 0) {
      throw new UserError({
        given: `no image of '${options.subset ?? 'val'}' has a labelled pixel of '${classes[channel].name}'`,
        remedy: 'choose another class with --class',
      });
    }
    const clusterings = counts.map((clusters) =>
      clusterFeatures(own.reservoir.sample, { clusters, random: seeds.child(`k-means ${clusters}`).stream() }),
    );
    const samples = reservoirs.map(({ sample }) => sample);
    const analysis: ClustersAnalysis = {
      kind: 'clusters',
      ...headOf(run, options, { images, warnings: [] }),
      clustered: { ...classes[channel], pixels: own.reservoir.offered, sampled: own.reservoir.sample.count },
      clusterings: clusterings.map(({ clusters, spread, inertia, sizes, converged }) => ({
        clusters,
        explained: spread > 0 ? 1 - inertia[inertia.length - 1] / spread : 0,
        sizes,
        iterations: inertia.length,
        converged,
      })),
      ...(await projectGenerated(run, { classes, samples, channel, points: options.points ?? 100, seeds })),
    };
    return {
      analysis,
      images: own.painted.map((image) => paint(run, image, channel, clusterings)),
      legend: Array.from({ length: Math.max(...counts) }, (_, k) => ({
        name: `cluster ${k + 1}`,
        color: SERIES_COLORS[k],
      })),
    };
  } finally {
    reader.dispose();
  }
}

function channelOf(classes: readonly AnalysedClass[], name: string): number {
  const channel = classes.findIndex((one) => one.name === name);
  if (channel >= 0) return channel;
  const names = classes.map((one) => one.name);
  throw new UserError({
    given: `the run knows no class '${name}'`,
    expected: `one of: ${listNames(names)}`,
    ...didYouMean(name, names),
  });
}

function largestClass(
  classes: readonly AnalysedClass[],
  reservoirs: readonly FeatureReservoir[],
  group: AnalysedClass['group'],
): number {
  const pixels = (channel: number) => (classes[channel].group === group ? reservoirs[channel].offered : -1);
  return [...classes.keys()].reduce((best, channel) => (pixels(channel) > pixels(best) ? channel : best));
}

/** Reads the features that generator and classifier work with: X = σ(h + h⊙σ(μ)). */
class FeatureReader {
  readonly run: ContextualRun;
  readonly #executable: ReturnType<ContextualRun['run']['context']['engine']['compile']>;

  constructor(run: ContextualRun) {
    const { networks, trunk, extractor } = run;
    const program: Program = {
      name: 'analysis/features',
      inputs: { features: { shape: [1, ...extractor.grid, extractor.channels], dtype: 'float32' } },
      describe: (ops, { features }) => ({
        outputs: { real: networks.contextual.forward(ops, trunk.forward(ops, features)).features },
      }),
    };
    this.run = run;
    this.#executable = run.run.context.engine.compile(program, { frozen: true });
  }

  /** [h · w · channels]; valid until the next call. */
  read(features: Float32Array): Promise<Float32Array> {
    return this.#executable.run({ features }).read('real');
  }

  dispose(): void {
    this.#executable.dispose();
  }
}

type Sampling = ClustersOptions & { readonly seeds: SeedTree };

/** Some features of every class. */
async function sampleClasses(reader: FeatureReader, options: Sampling) {
  const { points: capacity = 100, seeds } = options;
  const { channels } = reader.run.trunk;
  const reservoirs = classesOf(reader.run).map(
    ({ id }) => new FeatureReservoir({ channels, capacity, random: seeds.child(`class ${id}`).stream() }),
  );
  let images = 0;
  for await (const { features, labels } of analysedImages(reader.run, options)) {
    const real = await reader.read(features);
    for (const [i, label] of labels.entries()) reservoirs[label]?.offer(real, i);
    images++;
  }
  return { reservoirs, images };
}

/** Features of one class, and the images to paint. */
async function sampleClass(reader: FeatureReader, channel: number, options: Sampling) {
  const { maxPixels: capacity = 3000, pictures = 6, seeds } = options;
  const { channels } = reader.run.trunk;
  const reservoir = new FeatureReservoir({ channels, capacity, random: seeds.child('sample').stream() });
  const painted: Painted[] = [];
  for await (const image of analysedImages(reader.run, { ...options, containing: channel })) {
    const real = await reader.read(image.features);
    for (const [i, label] of image.labels.entries()) if (label === channel) reservoir.offer(real, i);
    if (painted.length < pictures && image.labels.includes(channel)) painted.push({ ...image, real: real.slice() });
  }
  return { reservoir, painted };
}

function paint(
  run: ContextualRun,
  { id, photo, labels, real }: Painted,
  channel: number,
  clusterings: readonly Clustering[],
) {
  const [height, width] = run.extractor.grid;
  return {
    id,
    pictures: [
      { name: 'image', title: id, image: photo },
      { name: 'truth', title: 'ground truth', image: truthPicture(run, labels, photo) },
      ...clusterings.map(({ clusters, centroids }) => {
        const found = nearest(real, centroids).labels;
        const data = labels.map((label, i) => (label === channel ? found[i] : ignoreOf(labels)));
        const enlarged = resizeNearest({ id, height, width, data }, photo.height, photo.width);
        const colors = new Map(centroids.map((_, k) => [k, SERIES_COLORS[k]]));
        return {
          name: `clusters-${clusters}`,
          title: `${clusters} clusters`,
          image: overlay(photo, enlarged, { colors, opacity: 0.75 }),
        };
      }),
    ],
  };
}
