import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFileError, UserError } from '@unseen/core';
import { FeatureStore, mergeFeatureStores } from '@unseen/data';
import { shardCount, shardName, shardSubset } from './extract-dataset.ts';
import type { FeatureSubset } from './feature-settings.ts';

/** A store that {@link mergeShards} has joined. */
export interface MergedShards {
  readonly path: string;
  readonly subset: FeatureSubset;
  readonly shards: readonly string[];
  readonly views: number;
}

/**
 * Joins the shards in a folder to one store for each subset, the same file that one extraction of all images would have
 * written; the shards stay. Missing and renamed shards, and shards of several divisions, are a `UserError`.
 */
export async function mergeShards(
  folder: string,
  { onView }: { readonly onView?: (done: number, total: number, subset: FeatureSubset) => void | Promise<void> } = {},
): Promise<MergedShards[]> {
  const names = await readdir(folder).catch((error) => {
    throw explainFileError(error, folder);
  });
  const counts = new Map<FeatureSubset, Set<number>>();
  for (const subset of ['train', 'val'] as const) {
    const divisions = names.flatMap((name) => shardCount(name, subset) ?? []);
    if (divisions.length > 0) counts.set(subset, new Set(divisions));
  }
  if (counts.size === 0) {
    throw new UserError({ given: `${folder} holds no shards`, expected: 'files such as train.shard-1-of-4.arrow' });
  }
  const plans = [...counts].map(([subset, divisions]) => ({
    subset,
    shards: shardsOf(subset, divisions, names, folder),
  }));
  const merged: MergedShards[] = [];
  for (const { subset, shards } of plans) {
    for (const [i, shard] of shards.entries()) {
      const store = await FeatureStore.open(shard, {
        subset: shardSubset(subset, { index: i + 1, count: shards.length }),
      });
      await store.close();
    }
    const path = join(folder, `${subset}.arrow`);
    const { views } = await mergeFeatureStores(path, shards, subset, {
      ...(onView && { onView: (done, total) => onView(done, total, subset) }),
    });
    merged.push({ path, subset, shards, views });
  }
  return merged;
}

function shardsOf(
  subset: FeatureSubset,
  divisions: ReadonlySet<number>,
  names: readonly string[],
  folder: string,
): string[] {
  const [count, ...others] = divisions;
  if (others.length > 0) {
    throw new UserError({
      given: `${folder} holds shards of ${subset} of several divisions (${[...divisions].join(', ')})`,
      expected: 'those of one',
      remedy: 'remove the others',
    });
  }
  const shards = Array.from({ length: count }, (_, i) => shardName(subset, { index: i + 1, count }));
  const missing = shards.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new UserError({
      given: `${folder} lacks ${missing.length} of ${count} shards: ${missing.slice(0, 8).join(', ')}`,
      remedy: 'extract them first, with --shard',
    });
  }
  return shards.map((name) => join(folder, name));
}
