import {
  type AnalysisResult,
  type ContextScaleAnalysis,
  preferredScales,
  type ScaleShares,
  ScaleTally,
  UNDECIDED,
} from '@unseen/analysis';
import { IGNORE, ignoreOf, type LabelData, type RgbImage } from '@unseen/core';
import type { Program } from '@unseen/tensor';
import { heatPicture, overlay, resizeNearest } from '@unseen/vision';
import { analysedImages, type ImageChoice, PictureChoice } from './analysed-images.ts';
import type { ContextualRun } from './contextual-run.ts';
import { classesOf, headOf } from './head.ts';
import { percentile, SERIES_COLORS, truthPicture } from './pictures.ts';

/** What of an image is kept to paint it. */
interface Painted {
  readonly id: string;
  readonly photo: RgbImage;
  readonly labels: LabelData;
  readonly weights: Float32Array;
  readonly preferred: Uint8Array;
}

/** Options of {@link analyzeContextScale}. */
export interface ContextScaleOptions extends ImageChoice {
  /** Images to paint. Default: 6. */
  readonly pictures?: number;
}

/**
 * Which scale of context the selector prefers (paper §3.2.2): the scale of the largest weight and the mean weights, by
 * class and by size of the object, with pictures of the weights.
 */
export async function analyzeContextScale(
  run: ContextualRun,
  options: ContextScaleOptions = {},
): Promise<AnalysisResult<ContextScaleAnalysis>> {
  const scales = scalesOf(run);
  const classes = classesOf(run);
  const { seenCount } = run.run.protocol.labels;
  const bounds = [0, ...scales.map(({ receptiveField }) => receptiveField)];
  const tally = (groups: number) => new ScaleTally({ groups, scales: scales.length });
  const tallies = { all: tally(1), groups: tally(2), classes: tally(classes.length), sizes: tally(bounds.length) };
  const painted = new PictureChoice<Painted>({ limit: options.pictures ?? 6, firstUnseen: seenCount });
  let images = 0;
  const executable = run.run.context.engine.compile(selectorProgram(run), { frozen: true });
  try {
    for await (const { id, photo, features, labels, sides } of analysedImages(run, options)) {
      const weights = (await executable.run({ features }).read('selection')).slice();
      const preferred = preferredScales(weights, scales.length);
      const isLabelled = (i: number) => labels[i] !== ignoreOf(labels);
      const grouped = (group: (i: number) => number) =>
        Int32Array.from(labels, (_, i) => (isLabelled(i) ? group(i) : -1));
      tallies.all.add(
        grouped(() => 0),
        weights,
        preferred,
      );
      tallies.groups.add(
        grouped((i) => (labels[i] < seenCount ? 0 : 1)),
        weights,
        preferred,
      );
      tallies.classes.add(labels, weights, preferred);
      tallies.sizes.add(
        grouped((i) => bounds.findLastIndex((bound) => sides[i] > bound)),
        weights,
        preferred,
      );
      painted.offer(labels, () => ({ id, photo, labels, weights, preferred }));
      images++;
    }
  } finally {
    executable.dispose();
  }
  const analysis: ContextScaleAnalysis = {
    kind: 'context-scale',
    ...headOf(run, options, { images, warnings: warningsOf(run, tallies.all.of(0)) }),
    scales,
    range: rangeOf(painted.chosen, scales.length),
    all: tallies.all.of(0),
    groups: { seen: tallies.groups.of(0), unseen: tallies.groups.of(1) },
    classes: classes.map((one, channel) => ({ ...one, ...tallies.classes.of(channel) })),
    sizes: bounds.map((from, i) => ({ from, to: bounds[i + 1] ?? null, ...tallies.sizes.of(i) })),
  };
  return {
    analysis,
    images: painted.chosen.map((image) => paint(run, image, analysis)),
    legend: scales.map(({ receptiveField }, k) => ({
      name: `scale ${k + 1}: ${receptiveField}×${receptiveField} positions`,
      color: SERIES_COLORS[k],
    })),
  };
}

/** Serial convolutions: those of 3x3 widen the view by twice their dilation each (paper §3.2). */
function scalesOf({ config, backbone }: ContextualRun): ContextScaleAnalysis['scales'] {
  const { stride } = backbone.encoder.taps[0];
  const { dilations, kernel, scales } = config.cagnet.network.contextual;
  let receptiveField = 1;
  const all = dilations.map((dilation) => {
    receptiveField += (kernel - 1) * dilation;
    return { dilation, receptiveField, pixels: receptiveField * stride };
  });
  return scales === 'all' ? all : all.slice(-1);
}

function selectorProgram({ networks, trunk, extractor }: ContextualRun): Program {
  return {
    name: 'analysis/selector',
    inputs: { features: { shape: [1, ...extractor.grid, extractor.channels], dtype: 'float32' } },
    describe: (ops, { features }) => ({
      outputs: { selection: networks.contextual.forward(ops, trunk.forward(ops, features)).selection },
    }),
  };
}

/** Weights nearer than this to 0 or 1 select nothing. */
const SHUT = 0.01;

function warningsOf({ choices }: ContextualRun, { weights, undecided }: ScaleShares): string[] {
  const warnings: string[] = [];
  if (!choices.trainSelector) {
    warnings.push(
      'The selector of this run was never trained (cagnet.network.contextual.trainSelector): its choice is chance.',
    );
  }
  if (weights.every((weight) => weight < SHUT)) {
    warnings.push(
      `The selector has shut: all mean weights are below ${SHUT}, so that next to no context reaches the latent code. The preferred scale says nothing.`,
    );
  } else if (weights.every((weight) => weight > 1 - SHUT)) {
    warnings.push(`The selector lets everything through: all mean weights are above ${1 - SHUT}. It selects nothing.`);
  }
  if (undecided > 0.5) warnings.push('In most pixels several scales have exactly the same weight.');
  return warnings;
}

/** The 2nd and 98th percentile of the painted weights on labelled pixels. */
function rangeOf(painted: readonly Painted[], scales: number): readonly [number, number] {
  const values = painted.flatMap(({ labels, weights }) => [
    ...weights.filter((_, i) => labels[Math.floor(i / scales)] !== ignoreOf(labels)),
  ]);
  return [percentile(values, 0.02), percentile(values, 0.98)];
}

function paint(run: ContextualRun, image: Painted, { scales, range }: ContextScaleAnalysis) {
  const { id, photo, weights, preferred } = image;
  const [height, width] = run.extractor.grid;
  const enlarge = <D extends Uint8Array | Float32Array>(data: D) =>
    resizeNearest({ height, width, data }, photo.height, photo.width);
  const colors = new Map(scales.map((_, k) => [k, SERIES_COLORS[k]]));
  const labels = { id, ...enlarge(preferred.map((scale) => (scale === UNDECIDED ? IGNORE : scale))) };
  return {
    id,
    pictures: [
      { name: 'image', title: id, image: photo },
      { name: 'truth', title: 'ground truth', image: truthPicture(run, image.labels, photo) },
      { name: 'preferred', title: 'preferred scale', image: overlay(photo, labels, { colors }) },
      ...scales.map(({ receptiveField }, k) => {
        const own = Float32Array.from(preferred, (_, i) => weights[i * scales.length + k]);
        return {
          name: `weight-${k + 1}`,
          title: `weight of ${receptiveField}×${receptiveField}`,
          image: heatPicture(enlarge(own), { range, image: photo, opacity: 0.75 }),
        };
      }),
    ],
  };
}
