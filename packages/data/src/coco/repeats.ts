import { UserError } from '@unseen/core';
import { Remarks } from './annotation-file.ts';
import { outlineOf } from './outline.ts';

interface Pair {
  readonly image: number;
  readonly earlier: number;
  readonly later: number;
}

/** What two annotations are compared by. */
interface Compared {
  readonly id?: number | string;
  readonly category_id: number;
  readonly segmentation?: unknown;
}

/**
 * Finds annotations of one image that say the same: those with equal hashes as they are read, then by comparing them. Under two
 * ids they are remarked; without ids one of them cannot be meant, which is a {@link UserError}.
 */
export class Repeats {
  readonly #path: string;
  readonly #hashes = new Map<number, Map<number, number>>();
  readonly #pairs: Pair[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** Takes note of an annotation, the one at a position among those of its image. */
  note(image: number, position: number, category: number, segmentation: unknown): void {
    const hash = hashOf(category, segmentation);
    const hashes = this.#hashes.get(image);
    if (!hashes) {
      this.#hashes.set(image, new Map([[hash, position]]));
      return;
    }
    const earlier = hashes.get(hash);
    if (earlier === undefined) hashes.set(hash, position);
    else this.#pairs.push({ image, earlier, later: position });
  }

  /** Compares what has equal hashes; `read` gives annotations of an image by their positions. */
  async remarks(read: (image: number, positions: readonly number[]) => Promise<readonly unknown[]>): Promise<Remarks> {
    const remarks = new Remarks();
    for (const { image, earlier, later } of this.#pairs) {
      const [a, b] = (await read(image, [earlier, later])) as readonly Compared[];
      const same = JSON.stringify([a.category_id, a.segmentation]) === JSON.stringify([b.category_id, b.segmentation]);
      if (!same || outlineOf(a.segmentation)?.kind === 'none') continue;
      if (a.id === undefined && b.id === undefined) {
        throw new UserError({
          given: `${this.#path} has an annotation of image ${image} twice (category ${a.category_id}, the same outline)`,
          expected: 'every annotation once',
          remedy: 'remove the repeated one',
        });
      }
      remarks.add(`annotations ${a.id} and ${b.id} of image ${image}`);
    }
    return remarks;
  }
}

/** A number that annotations of the same content share. */
function hashOf(category: number, segmentation: unknown): number {
  let hash = category + 1;
  const add = (value: number) => {
    hash = Math.imul(hash ^ value, 0x9e3779b1) ^ (hash >>> 15);
  };
  const parts = Array.isArray(segmentation) ? segmentation : [segmentation];
  add(parts.length);
  for (const part of parts) {
    const list: unknown = part?.counts ?? part;
    if (!Array.isArray(list) && typeof list !== 'string') continue;
    add(list.length);
    for (let i = 0; i < list.length && i < 8; i++) add(typeof list === 'string' ? list.charCodeAt(i) : list[i] * 1024);
  }
  return hash;
}
