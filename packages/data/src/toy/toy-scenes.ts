import type { ClassInfo, Dataset, SeedTree, ZeroShotSplit } from '@unseen/core';
import { TOY_BACKGROUND, TOY_CLASSES, TOY_SPLIT } from './attributes.ts';
import { toyAttributes } from './toy-attributes.ts';

/** The classes of {@link toyScenes}: the background, and those of toy-attributes. */
export const TOY_SCENE_CLASSES: readonly ClassInfo[] = [
  { id: TOY_BACKGROUND, name: 'background', color: [60, 60, 60] },
  ...TOY_CLASSES,
];

/** The split of {@link toyScenes}: the background is seen. */
export const TOY_SCENE_SPLIT: ZeroShotSplit = { seen: [TOY_BACKGROUND, ...TOY_SPLIT.seen], unseen: TOY_SPLIT.unseen };

/** toy-attributes for methods to which the background is a seen class like others (ZS3Net): the same scenes, every pixel labelled. */
export function toyScenes(options: { readonly seeds: SeedTree }): Dataset {
  return {
    ...toyAttributes(options),
    name: 'toy-scenes',
    classes: TOY_SCENE_CLASSES,
    ignore: [],
    splits: { default: TOY_SCENE_SPLIT },
  };
}
