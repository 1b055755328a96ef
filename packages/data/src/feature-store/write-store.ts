import { isDeepStrictEqual } from 'node:util';
import { writeAtomic } from '@unseen/core';
import { type PartialFile, writePartial } from './partial-file.ts';
import { STORE_FORMAT } from './schema.ts';
import { ViewReader } from './view-reader.ts';
import { type FeatureStoreOptions, FeatureStoreWriter, STORE_DEFAULTS } from './writer.ts';
import { loadZstd, type Zstd } from './zstd.ts';

/** How {@link writeFeatureStore} writes. */
export interface WriteStoreOptions {
  /** Continue where an interrupted call with the same options stopped, and leave what is needed for it. Default: false. */
  readonly resumable?: boolean;
}

/**
 * Writes a feature store: `produce` appends one view after the other, each goes to the disk at once. The file appears
 * under its name when all is written; a failed or interrupted extraction leaves at most a `*.tmp`.
 *
 * A resumable one leaves `<path>.partial` and `<path>.partial.journal` instead, whether it failed or was killed. The next
 * call with the same options takes over the images of which all views are there and undamaged: `writer.count` is the number
 * of these views, and `produce` appends those that follow. The file has the same bytes as one that was written in one go.
 * What other options have left is replaced. Two processes that write the same file at once are a `UserError`.
 */
export async function writeFeatureStore(
  path: string,
  options: FeatureStoreOptions,
  produce: (writer: FeatureStoreWriter) => Promise<void>,
  { resumable = false }: WriteStoreOptions = {},
): Promise<void> {
  const zstd = options.compression === 'zstd' ? await loadZstd() : undefined;
  if (!resumable) {
    await writeAtomic(path, async (file) => {
      const writer = new FeatureStoreWriter(options, (bytes) => file.writeFile(bytes));
      await produce(writer);
      await writer.finish();
    });
    return;
  }
  const { channels, featureBits, labelBits, compression, provenance } = { ...STORE_DEFAULTS, ...options };
  const content = { store: STORE_FORMAT, channels, featureBits, labelBits, compression, provenance };
  await writePartial({ path, content, worthKeeping: provenance.views.length }, async (partial) => {
    const writer = await resume(partial, options, zstd);
    await produce(writer);
    await writer.finish();
  });
}

/**
 * A writer that continues behind the whole images of a partial file. They are read and written once more, but not to the
 * disk: that restores what the writer knows of them, and shows that their bytes are those that it would write.
 */
async function resume(
  partial: PartialFile,
  options: FeatureStoreOptions,
  zstd: Zstd | undefined,
): Promise<FeatureStoreWriter> {
  const { store, places } = partial;
  const reader = new ViewReader({ ...STORE_DEFAULTS, ...options, file: store, places, ...(zstd && { zstd }) });
  const whole = (views: number) => views - (views % options.provenance.views.length);
  let count = whole(places.length);
  for (;;) {
    let replaying = true;
    const writer = new FeatureStoreWriter(options, async (bytes, place) => {
      if (!replaying) await partial.append(bytes, place);
      else if (!isDeepStrictEqual(place, places[writer.count - 1])) throw new Error('it would be written differently');
    });
    const good = await replay(writer, reader, count);
    replaying = false;
    if (good === count) {
      await partial.cut(count);
      return writer;
    }
    // This writer has seen a part of an image.
    count = whole(good);
  }
}

/** Appends the first `count` views of a reader, up to the first that is damaged. Gives the number of those before it. */
async function replay(writer: FeatureStoreWriter, reader: ViewReader, count: number): Promise<number> {
  for (let i = 0; i < count; i++) {
    try {
      const { view, release } = await reader.borrow(i);
      await writer.append(view);
      release();
    } catch {
      return i;
    }
  }
  return count;
}
