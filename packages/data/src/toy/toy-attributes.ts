import type { Dataset, Sample, SeedTree } from '@unseen/core';
import { drawToyScene, TOY_SIZE, type ToyScene } from './attribute-scene.ts';
import { TOY_BACKGROUND, TOY_CLASSES, TOY_SPLITS } from './attributes.ts';

/** What {@link toyAttributes} needs: the seeds of the scenes and their numbers. */
export interface ToyAttributesOptions {
  readonly seeds: SeedTree;
  readonly train?: number;
  readonly val?: number;
}

/**
 * The embedded zero-shot dataset: 64×64 scenes of coloured, textured shapes, fifteen seen and five unseen combinations.
 * Scene i of a subset depends on the seed and on i alone, so that a longer dataset begins with the shorter one.
 * Unseen objects occur in the training scenes too; hiding them is the leakage guard's work.
 */
export function toyAttributes({ seeds, train = 2000, val = 150 }: ToyAttributesOptions): Dataset {
  return {
    name: 'toy-attributes',
    classes: TOY_CLASSES,
    ignore: [TOY_BACKGROUND],
    splits: TOY_SPLITS,
    train: scenes(seeds.child('train'), 'train', train),
    val: scenes(seeds.child('val'), 'val', val),
  };
}

function scenes(seeds: SeedTree, subset: string, count: number): Sample[] {
  return Array.from({ length: count }, (_, i) => {
    const id = `${subset}-${String(i).padStart(5, '0')}`;
    let drawn: ToyScene | undefined;
    const scene = () => {
      drawn ??= drawToyScene(seeds.child(i).stream());
      return drawn;
    };
    // Copies: whoever changes what he got changes nothing for the next one.
    return {
      id,
      image: async () => ({ height: TOY_SIZE, width: TOY_SIZE, data: scene().image.slice() }),
      mask: async () => ({ id, height: TOY_SIZE, width: TOY_SIZE, data: scene().mask.slice() }),
    };
  });
}
