import {
  type AnalysisResult,
  ClassMoments,
  ErrorTally,
  REGENERATIONS,
  type ReconstructionAnalysis,
  type ReconstructionErrors,
  type Regeneration,
  squaredErrors,
} from '@unseen/analysis';
import { ignoreOf, type LabelData, type RgbImage } from '@unseen/core';
import type { Ops, Program } from '@unseen/tensor';
import { heatPicture, resizeNearest } from '@unseen/vision';
import { analysedImages, type ImageChoice, PictureChoice } from './analysed-images.ts';
import type { ContextualRun } from './contextual-run.ts';
import { classesOf, headOf } from './head.ts';
import { percentile, truthPicture } from './pictures.ts';

/** Options of {@link analyzeReconstruction}. */
export interface ReconstructionOptions extends ImageChoice {
  /** Images to paint. Default: 6. */
  readonly pictures?: number;
}

type Generated = Exclude<Regeneration, 'mean'>;

const GENERATED: readonly Generated[] = ['context', 'zero', 'noise', 'swapped'];

interface Painted {
  readonly id: string;
  readonly photo: RgbImage;
  readonly labels: LabelData;
  readonly real: Float32Array;
  readonly errors: Readonly<Record<Generated, Float32Array>>;
}

/**
 * How far features regenerated from class vector and context are from the real ones, pixel by pixel, with the latent code
 * and without it: with z = 0 and with z ~ N(0, I) the contextual module says nothing. {@link ReconstructionAnalysis} names the ways.
 */
export async function analyzeReconstruction(
  run: ContextualRun,
  options: ReconstructionOptions = {},
): Promise<AnalysisResult<ReconstructionAnalysis>> {
  const classes = classesOf(run);
  const { labels: channelOrder } = run.run.protocol;
  const { channels } = run.trunk;
  const random = run.seeds.child('reconstruction').stream();
  const tallies = tallyEach(() => new ErrorTally(classes.length));
  const moments = new ClassMoments({ classes: classes.length, channels });
  const painted = new PictureChoice<Painted>({ limit: options.pictures ?? 6, firstUnseen: channelOrder.seenCount });
  const executable = run.run.context.engine.compile(reconstructionProgram(run));
  let images = 0;
  try {
    for await (const { id, photo, features, labels } of analysedImages(run, options)) {
      const hidden = ignoreOf(labels);
      // Any other class of the run, each as likely.
      const others = Int32Array.from(labels, (label) =>
        label === hidden ? label : (label + 1 + random.integer(classes.length - 1)) % classes.length,
      );
      const result = executable.run({ features, labels: Int32Array.from(labels), others }, random);
      const real = (await result.read('real')).slice();
      const errors = {} as Record<Generated, Float32Array>;
      for (const way of GENERATED) {
        errors[way] = squaredErrors(real, await result.read(way), channels);
        tallies[way].add(labels, errors[way]);
      }
      moments.add(labels, real);
      painted.offer(labels, () => ({ id, photo, labels, real, errors }));
      images++;
    }
  } finally {
    executable.dispose();
  }
  const byClass = classes.map((one, channel) => ({
    ...one,
    pixels: tallies.context.pixels(channel),
    context: tallies.context.mean(channel),
    zero: tallies.zero.mean(channel),
    noise: tallies.noise.mean(channel),
    swapped: tallies.swapped.mean(channel),
    mean: moments.variance(channel),
  }));
  const maps = painted.chosen.map((image) => ({
    image,
    errors: { ...image.errors, mean: errorsOfMean(image, moments) },
  }));
  const limit = limitOf(maps.map(({ image, errors }) => ({ labels: image.labels, errors })));
  const group = (name: 'seen' | 'unseen') => average(byClass.filter((one) => one.group === name));
  return {
    analysis: {
      kind: 'reconstruction',
      ...headOf(run, options, { images, warnings: warningsOf(run) }),
      joint: run.choices.joint,
      limit,
      all: average(byClass),
      groups: { seen: group('seen'), unseen: group('unseen') },
      classes: byClass,
    },
    images: maps.map(({ image, errors }) => paint(run, image, errors, limit)),
    legend: [],
  };
}

function tallyEach<T>(make: () => T): Record<Generated, T> {
  return { context: make(), zero: make(), noise: make(), swapped: make() };
}

/** Real features, and those regenerated in four ways: [1, h, w, channels] each. */
function reconstructionProgram({ networks, trunk, extractor, words }: ContextualRun): Program {
  const { grid, channels } = extractor;
  const labels = { shape: [1, ...grid], dtype: 'int32' } as const;
  return {
    name: 'analysis/reconstruction',
    inputs: { features: { shape: [1, ...grid, channels], dtype: 'float32' }, labels, others: labels },
    describe<V>(ops: Ops<V>, inputs: Readonly<Record<string, V>>) {
      const code = networks.contextual.forward(ops, trunk.forward(ops, inputs.features));
      const own = words.lookUp(ops, inputs.labels);
      const generate = (vectors: V, latent: V) => networks.generator.forward(ops, vectors, latent);
      return {
        outputs: {
          real: code.features,
          context: generate(own, code.mu),
          zero: generate(own, ops.mul(code.mu, ops.scalar(0))),
          noise: generate(own, ops.normal(ops.shape(code.mu))),
          swapped: generate(words.lookUp(ops, inputs.others), code.mu),
        },
      };
    },
  };
}

function errorsOfMean({ labels, real }: Painted, moments: ClassMoments): Float32Array {
  const { channels } = moments;
  const means = new Float32Array(real.length);
  for (const [i, label] of labels.entries()) {
    const mean = moments.mean(label);
    if (mean) means.set(mean, i * channels);
  }
  return squaredErrors(real, means, channels);
}

type Maps = Readonly<Record<Regeneration, Float32Array>>;

/** The 98th percentile of the painted errors; those with another class's vector, which are larger, may lie beyond. */
function limitOf(painted: readonly { readonly labels: LabelData; readonly errors: Maps }[]): number {
  const values = painted.flatMap(({ labels, errors }) =>
    REGENERATIONS.filter((way) => way !== 'swapped').flatMap((way) => [
      ...errors[way].filter((_, i) => labels[i] !== ignoreOf(labels)),
    ]),
  );
  return percentile(values, 0.98);
}

/** Mean over the classes that have a pixel: frequent classes do not outweigh the others. */
function average(
  rows: readonly (ReconstructionErrors & { readonly pixels: number })[],
): ReconstructionErrors & { readonly pixels: number } {
  const mean = (way: Regeneration) => {
    const values = rows.map((row) => row[way]).filter((value) => value !== null);
    return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  };
  const pixels = rows.reduce((sum, row) => sum + row.pixels, 0);
  return {
    pixels,
    context: mean('context'),
    zero: mean('zero'),
    noise: mean('noise'),
    swapped: mean('swapped'),
    mean: mean('mean'),
  };
}

function warningsOf({ choices }: ContextualRun): string[] {
  return choices.joint
    ? []
    : [
        'The content loss has not trained the contextual module of this run (cagnet.losses.joint: false): its code was never asked to help the generator.',
      ];
}

const TITLES: Readonly<Record<Regeneration, string>> = {
  context: 'own code',
  zero: 'no code (0)',
  noise: 'noise for a code',
  swapped: 'vector of another class',
  mean: 'mean of the class',
};

function paint(run: ContextualRun, { id, photo, labels }: Painted, errors: Maps, limit: number) {
  const [height, width] = run.extractor.grid;
  return {
    id,
    pictures: [
      { name: 'image', title: id, image: photo },
      { name: 'truth', title: 'ground truth', image: truthPicture(run, labels, photo) },
      ...REGENERATIONS.map((way) => {
        const data = errors[way].map((error, i) => (labels[i] === ignoreOf(labels) ? Number.NaN : error));
        const enlarged = resizeNearest({ height, width, data }, photo.height, photo.width);
        return { name: way, title: TITLES[way], image: heatPicture(enlarged, { range: [0, limit], opacity: 1 }) };
      }),
    ],
  };
}
