import { allEntries, type DatasetFacts, type EntryFacts } from '../facts.ts';
import { counted, type Finding, findingOf } from '../finding.ts';

/** Masks that are not as large as their images, or turned against them. */
export function checkSizes(facts: DatasetFacts): Finding[] {
  const pairs = allEntries(facts).filter(({ image, mask }) => image && mask && mask.height > 0);
  const unequal = pairs.filter(isUnequal);
  const turned = unequal.filter(isTurned);
  const other = unequal.filter((entry) => !isTurned(entry));
  // Half turns and mirrors leave the size as it is: whether the mask was turned too cannot be read off it.
  const unclear = pairs.filter(({ image }) => [2, 3, 4].includes(image!.orientation));
  return [
    ...findingOf(turned.map(sizes), {
      check: 'exif-rotation',
      severity: 'error',
      found: `${counted(turned.length, 'image')} ${turned.length === 1 ? 'is' : 'are'} turned by an EXIF tag and the mask is not: it has the size of the unturned picture`,
      why: 'images are read upright, as viewers show them, so that the labels would lie beside their objects',
      fix: 'write the pixels upright and drop the tag (jpegtran -rotate, or exiftran -a), or draw the masks anew',
    }),
    ...findingOf(other.map(sizes), {
      check: 'size-mismatch',
      severity: 'error',
      found: `${counted(other.length, 'mask')} ${other.length === 1 ? 'has' : 'have'} another size than the image`,
      why: 'masks are not resized silently, since nobody could tell what they then mean',
      fix: 'make the masks anew for these images, or put the images there that were annotated',
    }),
    ...findingOf(
      unclear.map(({ id, image }) => `${id} (orientation ${image!.orientation})`),
      {
        check: 'exif-mirrored',
        severity: 'note',
        found: `${counted(unclear.length, 'image')} ${unclear.length === 1 ? 'is' : 'are'} mirrored or upside down by an EXIF tag`,
        why: 'images are read upright; whether the mask was drawn on the upright picture cannot be told by its size',
        fix: 'look at them in the contact sheet',
      },
    ),
  ];
}

/** Whether the mask of an image has another size. */
export function isUnequal({ image, mask }: EntryFacts): boolean {
  return image!.height !== mask!.height || image!.width !== mask!.width;
}

function isTurned({ image, mask }: EntryFacts): boolean {
  return image!.orientation > 4 && image!.height === mask!.width && image!.width === mask!.height;
}

function sizes({ id, image, mask }: EntryFacts): string {
  return `${id}: image ${image!.height}x${image!.width}, mask ${mask!.height}x${mask!.width}`;
}
