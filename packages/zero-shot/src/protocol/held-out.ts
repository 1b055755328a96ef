import { didYouMean, listNames, type RandomStream, UserError } from '@unseen/core';
import { ContiguousLabels, SeenOnlySample } from '@unseen/data';
import type { ZeroShotProtocol } from './protocol.ts';

/** Which training images are held out: every n-th from the first on, or the last n. */
export type HeldOutImages = { readonly every: number } | { readonly last: number };

/**
 * A protocol made of the training data alone, for choosing settings without a look at the unseen classes: some seen classes
 * play their part, training images held out that of the validation images.
 */
export interface HeldOutProtocol extends ZeroShotProtocol {
  /** Indices of the training images held out. */
  readonly heldOut: readonly number[];
}

/** What {@link holdOut} takes away. */
export interface HoldOutOptions {
  /** Names of seen classes, or how many of them are drawn. */
  readonly pseudoUnseen: readonly string[] | number;
  readonly images: HeldOutImages;
  readonly random: RandomStream;
}

/** Splits the seen classes and the training images once more. The unseen classes do not occur in what is left. */
export function holdOut(protocol: ZeroShotProtocol, { pseudoUnseen, images, random }: HoldOutOptions): HeldOutProtocol {
  const { dataset, split, classes, vectors } = protocol;
  const isUnseen = new Set(chooseClasses(protocol, pseudoUnseen, random));
  const channels = split.seen.map((_, channel) => channel);
  const order = [...channels.filter((c) => !isUnseen.has(c)), ...channels.filter((c) => isUnseen.has(c))];
  const ids = order.map((channel) => split.seen[channel]);
  const pseudo = { seen: ids.slice(0, -isUnseen.size), unseen: ids.slice(-isUnseen.size) };
  const heldOut = chooseImages(dataset.train.length, images);
  const out = new Set(heldOut);
  return {
    split: pseudo,
    labels: new ContiguousLabels(pseudo),
    classes: order.map((channel) => classes[channel]),
    vectors: order.map((channel) => vectors[channel]),
    dataset: {
      ...dataset,
      train: dataset.train.filter((_, index) => !out.has(index)),
      // Guarded by the real split: the unseen classes stay hidden here too.
      val: heldOut.map((index) => SeenOnlySample.of(dataset.train[index], split)),
    },
    heldOut,
  };
}

/** Train ids of the pseudo-unseen classes. */
function chooseClasses(
  { split, classes }: ZeroShotProtocol,
  chosen: HoldOutOptions['pseudoUnseen'],
  random: RandomStream,
): readonly number[] {
  const count = typeof chosen === 'number' ? chosen : new Set(chosen).size;
  if (count < 1 || count >= split.seen.length) {
    throw new UserError({
      given: `${count} of ${split.seen.length} seen classes as pseudo-unseen ones`,
      expected: 'at least one, and one that is left',
    });
  }
  if (typeof chosen === 'number') return random.permutation(split.seen.length).slice(0, count);
  const names = classes.slice(0, split.seen.length).map(({ name }) => name);
  return [...new Set(chosen)].map((name) => {
    const channel = names.indexOf(name);
    if (channel >= 0) return channel;
    throw new UserError({
      given: `'${name}' as a pseudo-unseen class`,
      expected: `a seen class: ${listNames(names)}`,
      ...didYouMean(name, names),
    });
  });
}

function chooseImages(count: number, images: HeldOutImages): number[] {
  const all = Array.from({ length: count }, (_, index) => index);
  const heldOut = 'every' in images ? all.filter((index) => index % images.every === 0) : all.slice(-images.last);
  if (heldOut.length > 0 && heldOut.length < count) return heldOut;
  throw new UserError({
    given: `${heldOut.length} of ${count} training images held out`,
    expected: 'some, and some that are left',
  });
}
