import { UserError } from '@unseen/core';
import type { FeatureProvenance } from './schema.ts';
import { FeatureStore } from './store.ts';
import { writeFeatureStore } from './write-store.ts';

/** What {@link mergeFeatureStores} has written. */
export interface MergedStore {
  readonly provenance: FeatureProvenance;
  readonly views: number;
}

/**
 * Joins stores of consecutive images, given in their order, to one store of the given subset: the same file that an
 * extraction of all images would have written. Stores of different origin or form are a `UserError`. View by view, so
 * memory does not grow with the stores.
 */
export async function mergeFeatureStores(
  path: string,
  parts: readonly string[],
  subset: string,
  { onView }: { readonly onView?: (done: number, total: number) => void | Promise<void> } = {},
): Promise<MergedStore> {
  const stores: FeatureStore[] = [];
  try {
    for (const part of parts) stores.push(await openPart(part, stores[0]));
    const [{ channels, labelBits, featureBits, compression }] = stores;
    const provenance = { ...stores[0].provenance, subset };
    const total = stores.reduce((sum, { count }) => sum + count, 0);
    let done = 0;
    await writeFeatureStore(path, { provenance, channels, labelBits, featureBits, compression }, async (writer) => {
      for (const store of stores) {
        for await (const view of store.views()) {
          await writer.append(view);
          await onView?.(++done, total);
        }
      }
    });
    return { provenance, views: total };
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}

/** Opens a store that has to be like the first in everything but its subset. */
async function openPart(path: string, first: FeatureStore | undefined): Promise<FeatureStore> {
  if (!first) return FeatureStore.open(path);
  const { subset: _, ...origin } = first.provenance;
  const store = await FeatureStore.open(path, origin);
  const form = ({ channels, labelBits, featureBits, compression }: FeatureStore) =>
    `${channels} channels of ${featureBits} bits and labels of ${labelBits} bits (compression: ${compression})`;
  if (form(store) === form(first)) return store;
  await store.close();
  throw new UserError({ given: `${path} has ${form(store)}`, expected: `${form(first)}, as ${first.path}` });
}
