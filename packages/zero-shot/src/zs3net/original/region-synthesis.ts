import type { RandomStream } from '@unseen/core';
import { type LabelGraph, labelGraph, nodeFeatures, propagationMatrix } from '@unseen/synthesis';
import type { GraphChoices } from '../settings.ts';
import type { GeneratorTrainer } from './generator-trainer.ts';
import type { Synthesis } from './pixel-synthesis.ts';
import type { Scene } from './scene.ts';

/** Options of {@link RegionSynthesis}. */
export interface RegionSynthesisOptions {
  readonly trainer: GeneratorTrainer;
  readonly choices: GraphChoices;
  readonly grid: readonly [height: number, width: number];
  /** Channel whose vector regions without a label get where they count; -1 where the background has none. */
  readonly background: number;
  /** The label that means none. */
  readonly ignored: number;
}

/** Regions with labels and features: rows of the same order. */
export interface Regions {
  readonly labels: Int32Array;
  /** [regions · channels] */
  readonly features: Float32Array;
}

/** Programs are made for numbers of regions that are multiples of this. */
const STEP = 16;

/** Region by region, each with its neighbours (paper §3.3). */
export class RegionSynthesis implements Synthesis {
  private readonly options: RegionSynthesisOptions;

  constructor(options: RegionSynthesisOptions) {
    this.options = options;
  }

  /** One update on all regions of the scene; none where there is but one. */
  async learn(
    features: Float32Array,
    { known }: Scene,
    iteration: number,
    random: RandomStream,
  ): Promise<readonly number[]> {
    const { trainer, choices, ignored } = this.options;
    const graph = this.graph(known);
    if (graph.count < 2) return [];
    const capacity = capacityOf(graph.count);
    const labels = this.rows(graph.labels, capacity);
    const mask = Float32Array.from(labels, (label, row) => (row < graph.count && label !== ignored ? 1 : 0));
    const channels = features.length / known.length;
    const real = new Float32Array(capacity * channels);
    real.set(nodeFeatures(features, graph, choices.features));
    return [await trainer.match({ feeds: this.feeds(graph, labels), real, mask }, iteration, random)];
  }

  async generate({ layout }: Scene, random: RandomStream): Promise<Float32Array> {
    const graph = this.graph(layout);
    const { features } = await this.generated(graph, random);
    const channels = features.length / graph.count;
    const map = new Float32Array(layout.length * channels);
    graph.nodes.forEach((node, pixel) => {
      map.set(features.subarray(node * channels, (node + 1) * channels), pixel * channels);
    });
    return map;
  }

  /** The regions of a scene: of its features where they are real, else generated ones. */
  async regions(features: Float32Array, scene: Scene, random: RandomStream): Promise<Regions> {
    const graph = this.graph(scene.layout);
    if (scene.isSynthetic) return this.generated(graph, random);
    return { labels: graph.labels, features: nodeFeatures(features, graph, this.options.choices.features) };
  }

  private async generated(graph: LabelGraph, random: RandomStream): Promise<Regions> {
    const capacity = capacityOf(graph.count);
    const feeds = this.feeds(graph, this.rows(graph.labels, capacity));
    const rows = await this.options.trainer.generate(feeds, capacity, random);
    return { labels: graph.labels, features: rows.subarray(0, (rows.length / capacity) * graph.count) };
  }

  private graph(labels: Int32Array): LabelGraph {
    return labelGraph(labels, ...this.options.grid);
  }

  /** Labels of the regions, filled up with ignored ones. */
  private rows(labels: Int32Array, capacity: number): Int32Array {
    const { choices, background, ignored } = this.options;
    const unlabelled = choices.ignored === 'background' && background >= 0 ? background : ignored;
    const rows = new Int32Array(capacity).fill(ignored);
    rows.set(labels.map((label) => (label === ignored ? unlabelled : label)));
    return rows;
  }

  private feeds(graph: LabelGraph, labels: Int32Array) {
    const { selfLoops, normalize } = this.options.choices;
    return { labels, propagation: propagationMatrix(graph, { selfLoops, normalize, capacity: labels.length }) };
  }
}

/** The next number of regions for which programs are made. */
export function capacityOf(count: number): number {
  return Math.ceil(count / STEP) * STEP;
}

/** Regions one after the other, filled up with ignored ones to a number for which programs are made. */
export function joinRegions(regions: readonly Regions[], channels: number, ignored: number): Regions {
  const count = regions.reduce((sum, { labels }) => sum + labels.length, 0);
  const labels = new Int32Array(capacityOf(count)).fill(ignored);
  const features = new Float32Array(labels.length * channels);
  let row = 0;
  for (const part of regions) {
    labels.set(part.labels, row);
    features.set(part.features, row * channels);
    row += part.labels.length;
  }
  return { labels, features };
}
