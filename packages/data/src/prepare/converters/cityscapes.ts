import { join } from 'node:path';
import { idsInFolder } from '../../layouts/find-files.ts';
import { type Converter, type ImageTask, leftOut, type Plan } from '../converter.ts';
import { idsOf } from '../folders.ts';

const PHOTO = '_leftImg8bit.png';
const KINDS = ['labelIds', 'instanceIds', 'labelTrainIds'];

/**
 * Cityscapes with its fine annotation, arranged as in its archives. Masks are those of `labelIds`; the other kinds come
 * along where they are there.
 */
export const cityscapes: Converter = {
  version: 1,
  sources: {
    photos: { marker: 'train', files: /^(train|val)\/[^/]+\/[^/]+_leftImg8bit\.png$/ },
    masks: { marker: 'train', files: /^(train|val)\/[^/]+\/[^/]+_gtFine_(labelIds|instanceIds|labelTrainIds)\.png$/ },
  },
  async plan({ target, sources }): Promise<Plan> {
    const tasks: ImageTask[] = [];
    const noMask: string[] = [];
    for (const subset of ['train', 'val']) {
      const cities = new Map<string, ReadonlySet<string>>();
      for (const id of (await idsInFolder(join(sources.photos, subset), [PHOTO])).ids) {
        const [city, name] = id.split('/');
        const there = cities.get(city) ?? (await idsOf(join(sources.masks, subset, city), '.png'));
        cities.set(city, there);
        const kinds = KINDS.map((kind) => `${name}_gtFine_${kind}`).filter((kind) => there.has(kind));
        if (!there.has(`${name}_gtFine_labelIds`)) {
          noMask.push(id);
          continue;
        }
        const image = join(sources.photos, subset, `${id}${PHOTO}`);
        const place = (kind: string) => [subset, city, `${kind}.png`] as const;
        const [labels, ...others] = kinds.map((kind) => ({
          from: join(sources.masks, ...place(kind)),
          to: join(target, 'gtFine', ...place(kind)),
        }));
        tasks.push({
          id: `${subset}/${id}`,
          image,
          files: [{ from: image, to: join(target, 'leftImg8bit', subset, `${id}${PHOTO}`) }, ...others],
          mask: { ...labels, source: { kind: 'png' } },
        });
      }
    }
    return { tasks, lists: [], leftOut: leftOut(noMask, 'photos', 'no labelIds') };
  },
};
