import {
  allEntries,
  type ColorFacts,
  type DatasetFacts,
  type EdgeFacts,
  type EntryFacts,
  MOST_COLORS,
} from '../facts.ts';
import { counted, type Finding, findingOf, some } from '../finding.ts';

/** Masks that do not hold one class id per pixel, or that were processed like photos. */
export function checkMaskFiles(facts: DatasetFacts): Finding[] {
  return [...lossy(facts), ...colored(facts), ...resampled(facts)];
}

/**
 * Whether the values of a mask are those of neighbours mixed, as after resizing like a photo or JPEG: along the edges lie many
 * values between those of their neighbours. Structures one pixel thin (cracks, contours) have few, which are classes.
 */
export function isResampled({ edges, between, lonely, distinct, strange }: EdgeFacts): boolean {
  const mixed = between + lonely;
  if (mixed < 8 || mixed <= MIXED_SHARE * edges) return false;
  return distinct >= MANY || (distinct >= SEVERAL && 4 * strange >= mixed);
}

/** Different values between their neighbours, where all are classes, and where some are not. */
const [MANY, SEVERAL] = [5, 3];

// Of masks of VOC and COCO at most 0.06 of the pixels along edges, of the same masks resized or saved as JPEG at least 0.27.
const MIXED_SHARE = 0.15;

function lossy(facts: DatasetFacts): Finding[] {
  const files = allEntries(facts).filter(({ mask }) => mask?.kind === 'jpeg');
  return findingOf(files.map(pathOf), {
    check: 'jpeg-mask',
    severity: 'error',
    found: `${counted(files.length, 'mask')} ${files.length === 1 ? 'is a JPEG file' : 'are JPEG files'} with another suffix`,
    why: 'JPEG changes values, especially where classes meet',
    fix: 'export the masks again from the annotation as PNG; JPEG has lost the exact ids',
  });
}

function colored(facts: DatasetFacts): Finding[] {
  const masks = allEntries(facts).filter(({ mask }) => mask?.colors);
  const kinds = masks.map(({ mask }) => colorKind(mask!.colors!));
  // Pictures with another coding occasionally have few colours, or grey ones by chance.
  const mostly = 2 * kinds.filter((kind) => kind === 'other').length > masks.length;
  const of = (kind: ColorKind) => masks.filter((_, i) => (mostly ? 'other' : kinds[i]) === kind);
  const [gray, red, known, mixed, other] = [of('gray'), of('red'), of('known'), of('mixed'), of('other')];
  const table = some(
    facts.classes.map(({ id, name, color }) => `${color.join(' ')} → ${id} (${name})`),
    4,
  );
  const common = {
    check: 'color-mask',
    severity: 'error' as const,
    why: 'masks must hold one class id per pixel, and colours are not ids',
  };
  const one = (n: number) => (n === 1 ? 'is a colour picture' : 'are colour pictures');
  return [
    ...findingOf(known.map(pathOf), {
      ...common,
      found: `${counted(known.length, 'mask')} ${one(known.length)} in the colours of the classes`,
      fix: `replace each colour by the id of its class (${table}) and save an 8-bit palette or grey PNG; nothing is lost`,
    }),
    ...findingOf(mixed.map(withColors), {
      ...common,
      found: `${counted(mixed.length, 'mask')} ${one(mixed.length)}, partly in the colours of the classes and partly in mixtures of them`,
      fix: 'export them again without smoothing or resizing, then replace each colour by the id of its class',
    }),
    ...findingOf(gray.map(pathOf), {
      ...common,
      found: `${counted(gray.length, 'mask')} ${gray.length === 1 ? 'is a grey picture' : 'are grey pictures'} saved with three equal channels`,
      fix: 'keep one channel and save an 8-bit grey PNG',
    }),
    ...findingOf(red.map(withColors), {
      ...common,
      found: `${counted(red.length, 'mask')} ${one(red.length)} with ids in the red channel: green and blue are 0`,
      fix: 'keep the red channel and save an 8-bit grey PNG',
    }),
    ...findingOf(other.map(withColors), {
      ...common,
      found: `${counted(other.length, 'mask')} ${one(other.length)} in colours that are not those of the classes`,
      fix: "add the colours of the classes to the dataset's YAML ('color') to see whether they match, and convert; panoptic PNGs need the layout coco-panoptic",
    }),
  ];
}

type ColorKind = 'gray' | 'red' | 'known' | 'mixed' | 'other';

function colorKind({ gray, red, known }: ColorFacts): ColorKind {
  if (gray) return 'gray';
  if (known >= 0.999) return 'known';
  if (red) return 'red';
  return known >= 0.5 ? 'mixed' : 'other';
}

function withColors(entry: EntryFacts): string {
  const { distinct } = entry.mask!.colors!;
  return `${pathOf(entry)} (${distinct >= MOST_COLORS ? `${MOST_COLORS} and more` : distinct} colours)`;
}

function resampled(facts: DatasetFacts): Finding[] {
  const masks = allEntries(facts).filter(({ mask }) => mask && isResampled(mask.edges));
  const example = (entry: EntryFacts) => {
    const { edges, between, lonely } = entry.mask!.edges;
    return `${pathOf(entry)} (${Math.round((100 * Math.min(edges, between + lonely)) / edges)} % of ${counted(edges, 'pixel')} along edges)`;
  };
  return findingOf(masks.map(example), {
    check: 'resampled-mask',
    severity: 'error',
    found: `${counted(masks.length, 'mask')} ${masks.length === 1 ? 'has' : 'have'} values between those of their neighbours along edges, like masks that were smoothed, resized like photos or saved as JPEG`,
    why: 'the mean of two class ids is the id of a third class, so false classes appear along every border',
    fix: 'export the masks again from the annotation, resize only by nearest neighbour, and save as PNG',
  });
}

/** File of a mask; the id of its image where it is part of an annotation. */
export function pathOf({ id, mask, maskPath }: EntryFacts): string {
  return mask?.kind === 'ids' ? id : (maskPath ?? id);
}
