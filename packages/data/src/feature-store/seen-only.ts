import { IGNORE, ignoreOf, type LabelData, listNames, UserError, type ZeroShotSplit } from '@unseen/core';
import { ContiguousLabels } from '../contiguous-labels.ts';
import type { FeatureStatistics, FeatureView } from './schema.ts';
import type { FeatureStore, StoredSupport } from './store.ts';
import type { ClassView } from './view-index.ts';

/** A view of which only the seen classes are labelled. */
export interface SeenOnlyView extends Omit<FeatureView, 'labels'> {
  /** Channels of seen classes, 0 … seen - 1; "unlabelled" elsewhere ({@link ignoreOf}). [height · width] */
  readonly labels: LabelData;
}

/** {@link SeenOnlyView} without its features. */
export type SeenOnlyLabels = Omit<SeenOnlyView, 'features'>;

/**
 * The leakage guard for stored features: labels come out as channels of seen classes, everything else as unlabelled.
 * Code that trains takes this, never the store.
 */
export class SeenOnlyFeatures {
  readonly labels: ContiguousLabels;
  readonly #store: FeatureStore;

  constructor(store: FeatureStore, split: ZeroShotSplit) {
    this.#store = store;
    this.labels = new ContiguousLabels(split);
  }

  get count(): number {
    return this.#store.count;
  }

  get channels(): number {
    return this.#store.channels;
  }

  get statistics(): FeatureStatistics {
    return this.#store.statistics;
  }

  /** {@link FeatureStore.read}, guarded. */
  async read(index: number): Promise<SeenOnlyView> {
    return this.#guard(await this.#store.read(index));
  }

  /** {@link FeatureStore.readInto}, guarded. */
  async readInto(index: number, target: Float32Array, offset = 0): Promise<SeenOnlyLabels> {
    return this.#guard(await this.#store.readInto(index, target, offset));
  }

  /** {@link FeatureStore.readLabels}, guarded. */
  async readLabels(index: number): Promise<SeenOnlyLabels> {
    return this.#guard(await this.#store.readLabels(index));
  }

  /** {@link FeatureStore.viewsOf}. */
  viewsOf(id: string): Promise<readonly number[]> {
    return this.#store.viewsOf(id);
  }

  /** {@link FeatureStore.viewsWith} of a seen class; which views hold another is hidden, and a `UserError`. */
  async viewsWith(classId: number): Promise<readonly ClassView[]> {
    if (this.#isSeen(classId)) return this.#store.viewsWith(classId);
    throw new UserError({
      given: `views with class ${classId}`,
      expected: `a seen class: ${listNames(this.labels.order.slice(0, this.labels.seenCount))}`,
    });
  }

  /** {@link FeatureStore.support} of the seen classes. */
  async support(): Promise<ReadonlyMap<number, StoredSupport>> {
    return new Map([...(await this.#store.support())].filter(([classId]) => this.#isSeen(classId)));
  }

  /** Nothing may stand for "unlabelled" and a class at once. */
  #isSeen(classId: number): boolean {
    const channel = this.labels.channelOf(classId);
    const unlabelled = this.#store.labelBits === 16 ? 0xffff : IGNORE;
    return channel !== undefined && channel < this.labels.seenCount && classId !== unlabelled;
  }

  #guard<V extends Omit<FeatureView, 'features'>>(view: V): Omit<V, 'labels'> & { labels: LabelData } {
    const { id, height, width, labels } = view;
    const { data } = this.labels.toTrainChannels({ id, height, width, data: labels });
    const hidden = ignoreOf(data);
    for (const channel of data) {
      if (channel !== hidden && channel >= this.labels.seenCount) throw new Error(`${id}: an unseen label got through`);
    }
    return { ...view, labels: data };
  }
}
