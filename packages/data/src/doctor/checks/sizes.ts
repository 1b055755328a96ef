import { allEntries, type DatasetFacts, type EntryFacts } from '../facts.ts';
import { counted, type Finding, findingOf } from '../finding.ts';

/** Masks that differ from their images in size or orientation. */
export function checkSizes(facts: DatasetFacts): Finding[] {
  const pairs = allEntries(facts).filter(({ image, mask }) => image && mask && mask.height > 0);
  const unequal = pairs.filter(isUnequal);
  const turned = unequal.filter(isTurned);
  const other = unequal.filter((entry) => !isTurned(entry));
  // Half turns and mirroring keep the size, so it does not show whether the mask was turned too.
  const unclear = pairs.filter(({ image }) => [2, 3, 4].includes(image!.orientation));
  // A square picture keeps its size by quarter turns as well.
  const square = pairs.filter(
    ({ image, mask }) => image!.orientation > 4 && image!.height === image!.width && !isUnequal({ image, mask }),
  );
  return [
    ...findingOf(turned.map(sizes), {
      check: 'exif-rotation',
      severity: 'error',
      found: `${counted(turned.length, 'image')} ${turned.length === 1 ? 'is' : 'are'} rotated by an EXIF tag but the mask is not: it has the size of the stored picture`,
      why: 'images are read upright, as viewers show them, so the labels would not match their objects',
      fix: 'rotate the pixels and remove the tag (jpegtran -rotate, or exiftran -a), or redraw the masks',
    }),
    ...findingOf(other.map(sizes), {
      check: 'size-mismatch',
      severity: 'error',
      found: `${counted(other.length, 'mask')} ${other.length === 1 ? 'differs' : 'differ'} in size from the image`,
      why: 'masks are never resized silently, because the result could mean anything',
      fix: 'redraw the masks for these images, or use the images that were annotated',
    }),
    ...findingOf(
      square.map(({ id, image }) => `${id} (orientation ${image!.orientation})`),
      {
        check: 'exif-square',
        severity: 'warning',
        found: `${counted(square.length, 'square image')} ${square.length === 1 ? 'is' : 'are'} rotated by an EXIF tag`,
        why: 'images are read upright, as viewers show them; whether the mask was drawn on the upright picture, its size does not show',
        fix: 'look at them in the contact sheet (--out); where the mask lies across the picture, rotate the pixels and remove the tag (exiftran -a), or redraw the mask',
      },
    ),
    ...findingOf(
      unclear.map(({ id, image }) => `${id} (orientation ${image!.orientation})`),
      {
        check: 'exif-mirrored',
        severity: 'note',
        found: `${counted(unclear.length, 'image')} ${unclear.length === 1 ? 'is' : 'are'} mirrored or upside down by an EXIF tag`,
        why: 'images are read upright; the size does not show whether the mask was drawn on the upright picture',
        fix: 'look at them in the contact sheet (--out)',
      },
    ),
  ];
}

/** Whether the mask of an image has another size. */
export function isUnequal({ image, mask }: Pick<EntryFacts, 'image' | 'mask'>): boolean {
  return image!.height !== mask!.height || image!.width !== mask!.width;
}

function isTurned({ image, mask }: EntryFacts): boolean {
  return image!.orientation > 4 && image!.height === mask!.width && image!.width === mask!.height;
}

function sizes({ id, image, mask }: EntryFacts): string {
  return `${id}: image ${image!.height}x${image!.width}, mask ${mask!.height}x${mask!.width}`;
}
