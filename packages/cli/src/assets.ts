import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A folder that comes with the program: beside the code when packed, the project's own otherwise. */
export function assetFolder(name: 'experiments' | 'datasets' | 'embeddings'): string {
  const packed = join(import.meta.dirname, name);
  return existsSync(packed) ? packed : resolve(import.meta.dirname, '../../..', name);
}

/** Tells the packages that read registries where those of this program lie; what users have set stays. */
export function announceAssets(): void {
  process.env.UNSEEN_DATASETS ??= assetFolder('datasets');
  process.env.UNSEEN_EMBEDDINGS ??= assetFolder('embeddings');
}
