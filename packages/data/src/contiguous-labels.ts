import {
  didYouMean,
  IGNORE,
  ignoreOf,
  type LabelData,
  type LabelMap,
  labelArray,
  UserError,
  type ZeroShotSplit,
} from '@unseen/core';

/** 16 bits without the value for "unlabelled". */
const MOST_CLASSES = 0xffff;

/** Throws a {@link UserError} unless seen and unseen ids are disjoint, each listed once, and few enough for 16-bit channels. */
export function checkSplit({ seen, unseen }: ZeroShotSplit): void {
  const known = new Set(seen);
  const both = unseen.filter((id) => known.has(id));
  if (both.length > 0) {
    throw new UserError({
      given: `class ids ${both.join(', ')} are both seen and unseen`,
      expected: 'disjoint lists',
    });
  }
  const order = [...seen, ...unseen];
  const met = new Set<number>();
  const repeated = order.find((id) => met.size === met.add(id).size);
  if (repeated !== undefined) throw new UserError({ given: `class id ${repeated} is listed twice in a split` });
  if (seen.length === 0)
    throw new UserError({ given: 'a split without seen classes', expected: 'at least one seen class' });
  if (order.length > MOST_CLASSES) {
    throw new UserError({ given: `a split of ${order.length} classes`, expected: `at most ${MOST_CLASSES}` });
  }
}

/** The split of that name; an unknown one is a {@link UserError}. */
export function findSplit(
  splits: Readonly<Record<string, ZeroShotSplit>>,
  name: string,
  dataset: string,
): ZeroShotSplit {
  if (Object.hasOwn(splits, name)) return splits[name];
  const names = Object.keys(splits);
  throw new UserError({
    given: `dataset ${dataset} has no split '${name}'`,
    expected: names.length > 0 ? `one of: ${names.join(', ')}` : 'a dataset with seen and unseen classes',
    ...didYouMean(name, names),
  });
}

/**
 * Raw class ids to channels and back: channel c stands for order[c], the seen classes first, then the unseen ones, each
 * in the order of the split, as in SPNet and CaGNet (docs/methods).
 */
export class ContiguousLabels {
  readonly order: readonly number[];
  readonly seenCount: number;
  private readonly channels: ReadonlyMap<number, number>;

  constructor(split: ZeroShotSplit) {
    checkSplit(split);
    this.order = [...split.seen, ...split.unseen];
    this.seenCount = split.seen.length;
    this.channels = new Map(this.order.map((id, channel) => [id, channel]));
  }

  /** Channel of a raw id; `undefined` for classes outside the split. */
  channelOf(id: number): number | undefined {
    return this.channels.get(id);
  }

  /** Channels of seen classes; every other pixel is unlabelled. Of 16 bits in splits of more than 255 classes. */
  toTrainChannels(labels: LabelMap): LabelMap {
    return { ...labels, data: this.translate(labels.data, this.seenCount) };
  }

  /** Channels of seen and unseen classes, otherwise as {@link toTrainChannels}. */
  toTestChannels(labels: LabelMap): LabelMap {
    return { ...labels, data: this.translate(labels.data, this.order.length) };
  }

  /** Raw ids of a map of channels; what is unlabelled stays so (65535 where an id needs 16 bits). */
  toRaw(channels: LabelMap): LabelMap {
    const data = this.order.some((id) => id >= IGNORE)
      ? new Uint16Array(channels.data.length)
      : new Uint8Array(channels.data.length);
    const hidden = ignoreOf(data);
    for (let i = 0; i < data.length; i++) data[i] = this.order[channels.data[i]] ?? hidden;
    return { ...channels, data };
  }

  /** Channels below `count` for an array of raw ids, "unlabelled" for the rest. */
  private translate(ids: LabelData, count: number): LabelData {
    const table = labelArray(this.order.length, ids instanceof Uint16Array ? 0x10000 : 0x100);
    const hidden = ignoreOf(table);
    table.fill(hidden);
    for (let channel = 0; channel < count; channel++) table[this.order[channel]] = channel;
    // No value may mean both "unlabelled" and a class.
    table[ignoreOf(ids)] = hidden;
    const channels = labelArray(this.order.length, ids.length);
    for (let i = 0; i < ids.length; i++) channels[i] = table[ids[i]];
    return channels;
  }
}
