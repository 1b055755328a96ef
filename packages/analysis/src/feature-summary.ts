import { SeedTree } from '@unseen/core';
import { FeatureReservoir, type FeatureSample, joinFeatures } from './feature-sample.ts';
import { leadingComponents } from './leading-components.ts';
import { project } from './principal-components.ts';

/** Features of a view and the raw label of each. */
export interface LabelledFeatures {
  /** [positions · channels] */
  readonly features: Float32Array;
  readonly labels: Uint8Array | Uint16Array;
}

/** Norms of features. */
export interface Norms {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** Features of one label. */
export interface LabelSummary {
  readonly label: number;
  readonly positions: number;
  readonly views: number;
  readonly norms: Norms;
}

/** Summary of a set of features. */
export interface FeatureSummary {
  readonly views: number;
  readonly positions: number;
  /** Values that are not finite. */
  readonly notFinite: number;
  /** Share of the values that are 0. */
  readonly zeros: number;
  /** Over all values. */
  readonly range: readonly [number, number];
  readonly norms: Norms;
  /** In ascending order. */
  readonly labels: readonly LabelSummary[];
  readonly projection?: FeatureProjection;
}

/** Sampled features along their first two principal components. */
export interface FeatureProjection {
  /** Share of the sample's variance along each. */
  readonly explained: readonly number[];
  /** Per label: [x, y] of each sampled feature. */
  readonly points: ReadonlyMap<number, readonly (readonly number[])[]>;
}

/** Options of {@link summarizeFeatures}. */
export interface SummaryOptions {
  readonly channels: number;
  /** Features per label to sample for a projection. Default: no projection. */
  readonly sample?: ReadonlyMap<number, number>;
  readonly seed?: number;
}

/** Summarises features in one pass. The same features in the same order give the same summary. */
export async function summarizeFeatures(
  views: AsyncIterable<LabelledFeatures>,
  { channels, sample, seed = 0 }: SummaryOptions,
): Promise<FeatureSummary> {
  const seeds = new SeedTree(seed);
  const tallies = new Map<number, Tally>();
  let [count, notFinite, zeros, low, high] = [0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for await (const { features, labels } of views) {
    for (let p = 0; p < labels.length; p++) {
      let tally = tallies.get(labels[p]);
      if (!tally) {
        const capacity = sample?.get(labels[p]) ?? 0;
        tally = new Tally(new FeatureReservoir({ channels, capacity, random: seeds.child(labels[p]).stream() }));
        tallies.set(labels[p], tally);
      }
      let square = 0;
      let finite = true;
      for (let i = p * channels; i < (p + 1) * channels; i++) {
        const value = features[i];
        if (value === 0) zeros++;
        if (value < low) low = value;
        if (value > high) high = value;
        if (Number.isFinite(value)) square += value * value;
        else finite = false;
        if (!Number.isFinite(value)) notFinite++;
      }
      tally.add(Math.sqrt(square), count);
      if (finite && sample?.has(labels[p])) tally.kept.offer(features, p);
    }
    count++;
  }
  const labels = [...tallies].sort(([a], [b]) => a - b);
  const positions = labels.reduce((sum, [, tally]) => sum + tally.positions, 0);
  return {
    views: count,
    positions,
    notFinite,
    zeros: positions > 0 ? zeros / (positions * channels) : 0,
    range: [low, high],
    norms: joinNorms(labels.map(([, tally]) => tally)),
    labels: labels.map(([label, tally]) => ({
      label,
      positions: tally.positions,
      views: tally.views,
      norms: tally.norms,
    })),
    ...(sample && { projection: projectionOf(labels, channels, seeds) }),
  };
}

class Tally {
  positions = 0;
  views = 0;
  readonly kept: FeatureReservoir;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = 0;
  #last = -1;

  constructor(kept: FeatureReservoir) {
    this.kept = kept;
  }

  get norms(): Norms {
    return { mean: this.sum / this.positions, min: this.min, max: this.max };
  }

  add(norm: number, view: number): void {
    this.positions++;
    this.sum += norm;
    this.min = Math.min(this.min, norm);
    this.max = Math.max(this.max, norm);
    if (view === this.#last) return;
    this.views++;
    this.#last = view;
  }
}

function projectionOf(
  tallies: readonly (readonly [label: number, tally: Tally])[],
  channels: number,
  seeds: SeedTree,
): FeatureProjection {
  const samples = tallies.map(([label, { kept }]) => ({ label, sample: kept.sample }));
  const all: FeatureSample = joinFeatures(
    samples.map(({ sample }) => sample.features),
    channels,
  );
  const components = leadingComponents(all, 2, seeds.child('components').stream());
  const points = samples.filter(({ sample }) => sample.count > 0);
  return {
    explained: components.explained,
    points: new Map(points.map(({ label, sample }) => [label, project(components, sample)])),
  };
}

function joinNorms(tallies: readonly Tally[]): Norms {
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0);
  return {
    mean: sum((tally) => tally.sum) / sum((tally) => tally.positions),
    min: Math.min(...tallies.map(({ min }) => min)),
    max: Math.max(...tallies.map(({ max }) => max)),
  };
}
