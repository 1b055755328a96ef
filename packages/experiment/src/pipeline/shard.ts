import { UserError } from '@unseen/core';

/** A part of the images, 1 ≤ index ≤ count. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Consecutive images, so that the parts one after the other are all images. */
export function partOf<I>(images: readonly I[], { index, count }: Shard): readonly I[] {
  if (count > images.length) {
    throw new UserError({
      given: `${count} shards of ${images.length} images`,
      expected: 'at least one image in each',
    });
  }
  const start = (i: number) => Math.floor((images.length * i) / count);
  return images.slice(start(index - 1), start(index));
}
