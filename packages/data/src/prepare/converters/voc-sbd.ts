import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { type Converter, type ImageTask, leftOut, type Plan } from '../converter.ts';
import { idsOf, idsOfList, idsOfOptionalList, pairFolders } from '../folders.ts';
import { openDevkit, VOC_FILES, VOC_MARKER } from './voc.ts';

/**
 * VOC 2012 with the masks of SBD: VOC's own mask where there is one (with its void borders), else that of SBD. Writes
 * VOC's lists, `train_aug` (VOC train, then SBD train and val, without VOC val) and, where `train_noval.txt` is given,
 * `train_zs3` (VOC train, then that list, without VOC val).
 */
export const vocSbd: Converter = {
  version: 1,
  sources: {
    voc: { marker: VOC_MARKER, files: VOC_FILES },
    // Its photos are those of VOC; where VOC's are not all there, an unpacked folder has them.
    sbd: { marker: 'cls', files: /^(cls\/[^/]+\.mat|(train|val)\.txt)$/ },
    noval: { optional: true },
  },
  async plan({ file, target, sources }): Promise<Plan> {
    const folders = pairFolders(file, target);
    const devkit = await openDevkit(sources.voc);
    const listed = (name: string) => {
      const ids = devkit.lists.get(name);
      if (ids) return ids;
      throw new UserError({
        given: `${join(sources.voc, VOC_MARKER)} has no ${name}.txt`,
        expected: 'the devkit of VOC 2012',
      });
    };
    const [train, val] = [listed('train'), listed('val')];
    const sbd = [
      ...((await idsOfOptionalList(sources.sbd, 'train.txt')) ?? []),
      ...((await idsOfOptionalList(sources.sbd, 'val.txt')) ?? []),
    ];
    const sbdMasks = await idsOf(join(sources.sbd, 'cls'), '.mat');
    const sbdImages = await idsOf(join(sources.sbd, 'img'), '.jpg');
    const [noImage, noMask]: [string[], string[]] = [[], []];
    const tasks = new Map<string, ImageTask>();
    for (const id of new Set([...train, ...val, ...sbd])) {
      const own = devkit.masks.has(id);
      const image = devkit.images.has(id)
        ? join(sources.voc, 'JPEGImages', `${id}.jpg`)
        : sbdImages.has(id) && join(sources.sbd, 'img', `${id}.jpg`);
      if (image === false) noImage.push(id);
      else if (!own && !sbdMasks.has(id)) noMask.push(id);
      else {
        const ownMask = join(sources.voc, 'SegmentationClass', `${id}.png`);
        tasks.set(id, {
          id,
          image,
          files: [
            { from: image, to: join(folders.images, `${id}.jpg`) },
            ...devkit.files(id, target),
            ...(own ? [{ from: ownMask, to: join(target, 'SegmentationClass', `${id}.png`) }] : []),
          ],
          mask: {
            from: own ? ownMask : join(sources.sbd, 'cls', `${id}.mat`),
            to: join(folders.masks, `${id}.png`),
            source: own ? { kind: 'png' } : { kind: 'mat', variable: 'GTcls.Segmentation' },
          },
        });
      }
    }
    const held = new Set(val);
    const withoutVal = (ids: readonly string[]) => [...new Set([...train, ...ids])].filter((id) => !held.has(id));
    const noval = sources.noval === undefined ? undefined : await idsOfList(sources.noval);
    const strangers = noval?.filter((id) => !tasks.has(id)) ?? [];
    const lists = [
      ...[...devkit.lists].filter(([name]) => name !== 'test'),
      ['train_aug', withoutVal(sbd)] as const,
      ...(noval ? [['train_zs3', withoutVal(noval)] as const] : []),
    ];
    return {
      tasks: [...tasks.values()],
      lists: lists.map(([name, ids]) => ({
        name,
        ids: ids.filter((id) => tasks.has(id)),
        path: join(target, VOC_MARKER, `${name}.txt`),
      })),
      leftOut: [
        ...leftOut(noImage, 'listed images', 'no photo in VOC or SBD'),
        ...leftOut(noMask, 'listed images', 'no mask in VOC or SBD'),
        ...leftOut(strangers, 'images of train_noval.txt', 'in no list of VOC or SBD'),
        ...leftOut(
          [...sbdMasks].filter((id) => tasks.has(id) && devkit.masks.has(id)),
          'masks of SBD',
          "VOC's own mask of the same image wins",
        ),
      ],
    };
  },
};
