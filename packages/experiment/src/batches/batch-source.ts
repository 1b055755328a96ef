import type { RandomState, RandomStream } from '@unseen/core';

/**
 * Where a training gets its batches. `advance` puts the next one in place, in arrays that are reused; `position` says where
 * the source stands, so that a checkpoint can store it (any JSON value) and a resumed run draws the same batches.
 */
export interface BatchSource<P = unknown> {
  position: P;
  advance(): Promise<void>;
}

/** Where a {@link Draws} stands. */
export interface DrawPosition {
  readonly order: readonly number[];
  readonly next: number;
  readonly random: RandomState;
}

/** Indices in a new random order each epoch; the incomplete last batch of an epoch is dropped. */
export class Draws {
  private readonly count: number;
  private readonly random: RandomStream;
  private order: readonly number[] = [];
  private next = 0;

  constructor(count: number, random: RandomStream) {
    this.count = count;
    this.random = random;
  }

  get position(): DrawPosition {
    return { order: this.order, next: this.next, random: this.random.state };
  }

  set position({ order, next, random }: DrawPosition) {
    this.order = order;
    this.next = next;
    this.random.state = random;
  }

  /** The next `batch` indices, all different. */
  take(batch: number): readonly number[] {
    if (this.next + batch > this.order.length) {
      this.order = this.random.permutation(this.count);
      this.next = 0;
    }
    this.next += batch;
    return this.order.slice(this.next - batch, this.next);
  }
}

/** Several sources that advance together, such as labelled and unlabelled images. */
export class ZippedBatches<S extends Readonly<Record<string, BatchSource>>>
  implements BatchSource<Readonly<Record<keyof S, unknown>>>
{
  readonly sources: S;

  constructor(sources: S) {
    this.sources = sources;
  }

  get position(): Readonly<Record<keyof S, unknown>> {
    const entries = Object.entries(this.sources).map(([name, source]) => [name, source.position]);
    return Object.fromEntries(entries) as Record<keyof S, unknown>;
  }

  set position(position: Readonly<Record<keyof S, unknown>>) {
    for (const [name, source] of Object.entries(this.sources)) source.position = position[name];
  }

  async advance(): Promise<void> {
    for (const source of Object.values(this.sources)) await source.advance();
  }
}

/** What {@link PairDraws} and {@link BalancedDraws} draw from. */
export interface ClassDrawOptions {
  /** Classes that each item shows. */
  readonly labels: readonly (readonly number[])[];
  readonly random: RandomStream;
}

/** Pairs of items that share a class. */
export class PairDraws {
  private readonly draws: Draws;
  private readonly random: RandomStream;
  private readonly labels: readonly (readonly number[])[];
  private readonly byClass: ReadonlyMap<number, readonly number[]>;

  constructor({ labels, random }: ClassDrawOptions) {
    this.labels = labels;
    this.random = random;
    this.draws = new Draws(labels.length, random);
    this.byClass = itemsByClass(labels);
  }

  get position(): DrawPosition {
    return this.draws.position;
  }

  set position(position: DrawPosition) {
    this.draws.position = position;
  }

  /**
   * `count` pairs: each first item once an epoch, with another item that shows one of its classes, drawn at random; an item
   * that shares no class with another is paired with itself.
   */
  take(count: number): readonly (readonly [number, number])[] {
    return this.draws.take(count).map((first) => {
      const partners = [...new Set(this.labels[first].flatMap((one) => this.byClass.get(one) ?? []))];
      const others = partners.filter((item) => item !== first);
      return [first, others.length > 0 ? others[this.random.integer(others.length)] : first];
    });
  }
}

/** Items of classes drawn with equal probability: rare classes come as often as frequent ones. */
export class BalancedDraws {
  private readonly random: RandomStream;
  private readonly classes: readonly (readonly number[])[];

  constructor({ labels, random }: ClassDrawOptions) {
    this.random = random;
    this.classes = [...itemsByClass(labels).entries()].sort(([a], [b]) => a - b).map(([, items]) => items);
    if (this.classes.length === 0) throw new RangeError('no item shows a class');
  }

  get position(): RandomState {
    return this.random.state;
  }

  set position(state: RandomState) {
    this.random.state = state;
  }

  take(count: number): readonly number[] {
    return Array.from({ length: count }, () => {
      const items = this.classes[this.random.integer(this.classes.length)];
      return items[this.random.integer(items.length)];
    });
  }
}

function itemsByClass(labels: readonly (readonly number[])[]): ReadonlyMap<number, readonly number[]> {
  const items = new Map<number, number[]>();
  for (const [item, classes] of labels.entries()) {
    for (const one of classes) {
      const known = items.get(one);
      if (known) known.push(item);
      else items.set(one, [item]);
    }
  }
  return items;
}
