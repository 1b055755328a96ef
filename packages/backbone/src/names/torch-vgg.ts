import { byRules, type NameRule, type WeightNames } from './rename.ts';
import { WRAPPERS } from './torch-names.ts';

/**
 * Rules for torchvision's names of a VGG network (`features.0`, `features.2`, …: the numbers count the ReLU and the
 * pooling layers too) with `depths` convolutions in its blocks; our names start with `to`.
 */
export function torchVggRules(depths: readonly number[], to = ''): NameRule[] {
  const places = new Map<number, string>();
  let layer = 0;
  depths.forEach((depth, block) => {
    for (let i = 0; i < depth; i++, layer += 2) places.set(layer, `blocks.${block}.${i}`);
    layer++;
  });
  return [
    [
      new RegExp(`${WRAPPERS}features\\.(\\d+)\\.(weight|bias)$`),
      (number, part) => {
        const place = places.get(Number(number));
        return place && `${to}${place}.${part}`;
      },
    ],
  ];
}

/** torchvision's names of a VGG network. */
export function torchVggNames(depths: readonly number[]): WeightNames {
  return {
    family: 'torchvision',
    rename: byRules(torchVggRules(depths)),
    others: [[/^classifier\./, 'dense layers']],
  };
}
