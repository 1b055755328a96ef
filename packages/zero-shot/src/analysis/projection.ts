import {
  type AnalysedClass,
  type ClustersAnalysis,
  type FeatureSample,
  joinFeatures,
  meanFeature,
  nearest,
  principalComponents,
  project,
} from '@unseen/analysis';
import type { SeedTree } from '@unseen/core';
import type { ContextualRun } from './contextual-run.ts';
import { FeatureSynthesizer } from './feature-synthesizer.ts';

/** Classes in the projection besides the clustered one. */
const SHOWN = 11;

/** What {@link projectGenerated} works with. */
export interface ProjectionOptions {
  readonly classes: readonly AnalysedClass[];
  /** By channel. */
  readonly samples: readonly FeatureSample[];
  /** Shown first: the clustered class. */
  readonly channel: number;
  /** Generated features of each class. */
  readonly points: number;
  readonly seeds: SeedTree;
}

/**
 * Projects real and generated features (z ~ N(0, I)) of some classes on the principal components of the real features of
 * all classes, and measures in the whole space how far apart they are.
 */
export async function projectGenerated(
  run: ContextualRun,
  { classes, samples, channel, points, seeds }: ProjectionOptions,
): Promise<Pick<ClustersAnalysis, 'axes' | 'projected'>> {
  const { channels } = run.trunk;
  const synthesizer = new FeatureSynthesizer(run);
  try {
    const components = principalComponents(
      joinFeatures(
        samples.map(({ features }) => features),
        channels,
      ),
    );
    const known = [...samples.keys()].filter((c) => samples[c].count > 0);
    const means = known.map((c) => meanFeature(samples[c]));
    const recognised = (c: number, { features, count }: FeatureSample) => {
      if (!known.includes(c) || count === 0) return null;
      return nearest(features, means).labels.filter((k) => known[k] === c).length / count;
    };
    const projected: ClustersAnalysis['projected'][number][] = [];
    for (const c of shownClasses(classes, samples, channel)) {
      const random = seeds.child(`generated ${classes[c].id}`).stream();
      const features = await synthesizer.fromNoise(run.vectors[c], points, random);
      const generated = { channels, count: points, features };
      projected.push({
        ...classes[c],
        real: rounded(project(components, samples[c])),
        generated: rounded(project(components, generated)),
        recognised: { real: recognised(c, samples[c]), generated: recognised(c, generated) },
        ...compare(samples[c], generated),
      });
    }
    return { axes: components.explained, projected };
  } finally {
    synthesizer.dispose();
  }
}

/** The clustered class, unseen ones, then seen ones, those with pixels. */
function shownClasses(
  classes: readonly AnalysedClass[],
  samples: readonly FeatureSample[],
  channel: number,
): readonly number[] {
  const others = [...classes.keys()].filter((c) => c !== channel && samples[c].count > 0);
  const isUnseen = (c: number) => (classes[c].group === 'unseen' ? 1 : 0);
  others.sort((a, b) => isUnseen(b) - isUnseen(a) || a - b);
  return [channel, ...others.slice(0, SHOWN)];
}

/** Both relative to the spread of the real features (root mean square of the distances to their mean). */
function compare(
  real: FeatureSample,
  generated: FeatureSample,
): Pick<ClustersAnalysis['projected'][number], 'shift' | 'spread'> {
  const [realSpread, spread] = [spreadOf(real), spreadOf(generated)];
  if (realSpread === 0) return { shift: null, spread: null };
  const mean = meanFeature(real);
  const distance = Math.hypot(...meanFeature(generated).map((value, c) => value - mean[c]));
  return { shift: distance / realSpread, spread: spread / realSpread };
}

function spreadOf(sample: FeatureSample): number {
  if (sample.count === 0) return 0;
  return Math.sqrt(nearest(sample.features, [meanFeature(sample)]).inertia / sample.count);
}

function rounded(points: readonly (readonly number[])[]): number[][] {
  return points.map((point) => point.map((value) => Number(value.toPrecision(5))));
}
