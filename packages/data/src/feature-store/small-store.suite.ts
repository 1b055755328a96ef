import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import type { FeatureProvenance, FeatureView } from './schema.ts';
import { writeFeatureStore } from './write-store.ts';
import type { FeatureStoreOptions } from './writer.ts';

/** Origin of the stores of these tests: two views of every image. */
export const provenance: FeatureProvenance = {
  backbone: 'micro/block3',
  weights: 'abc',
  config: 'def',
  dataset: 'small',
  subset: 'train',
  views: ['scale 1', 'scale 1/2'],
  normalization: { channelOrder: 'rgb', mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] },
};
/** Of their features. */
export const CHANNELS = 5;

/** Views of some images, of two grids, with labels 1, 2, 4 and 255. */
export function viewsOf(images: number, views = provenance.views): FeatureView[] {
  const random = new SeedTree(9).stream();
  return Array.from({ length: images * views.length }, (_, i) => {
    const [height, width] = i % 2 === 0 ? [4, 3] : [2, 1];
    const features = random.fillNormal(new Float32Array(height * width * CHANNELS)).map((v) => 3 * v + 10);
    const labels = Uint8Array.from({ length: height * width }, (_, p) => [1, 2, 4, 255][(i + p) % 4]);
    return { id: `image-${Math.floor(i / 2)}`, view: views[i % views.length], height, width, features, labels };
  });
}

/** A store of views in a folder that is gone after the test. */
export async function written(
  views: readonly FeatureView[],
  changes: Partial<FeatureStoreOptions> = {},
): Promise<string> {
  const path = join(temporaryFolder(), 'a.features.arrow');
  await writeFeatureStore(path, { provenance, channels: CHANNELS, ...changes }, async (writer) => {
    for (const view of views) await writer.append(view);
  });
  return path;
}
