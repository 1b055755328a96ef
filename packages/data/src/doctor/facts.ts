import type { ClassInfo, ZeroShotSplit } from '@unseen/core';
import type { Palette } from '@unseen/formats';
import type { AnnotationFacts } from '../coco/annotation-file.ts';
import type { Subset } from '../layouts/listing.ts';

/** What is kept of an image file. */
export interface PictureFacts {
  /** Of the picture as it is decoded: turned upright. */
  readonly height: number;
  readonly width: number;
  /** EXIF orientation: 1 (upright) … 8. */
  readonly orientation: number;
  /** SHA-256 of the file. */
  readonly bytes: string;
  /** What makes the picture useless, if all of it was read. */
  readonly blank?: 'of one colour' | 'nearly black';
  /** Grey levels of the picture shrunk to {@link THUMBNAIL}; absent where only heads of files were read. */
  readonly thumbnail?: Uint8Array;
}

/** Height and width of thumbnails. */
export const THUMBNAIL = { height: 8, width: 9 } as const;

/** How the labels of a mask touch each other, over pixels not on its border. */
export interface EdgeFacts {
  /** Pixels with another value beside, above or below them. */
  readonly edges: number;
  /** Those whose value lies strictly between their neighbours', left and right or above and below. */
  readonly between: number;
  /** Those that differ from all four neighbours. */
  readonly lonely: number;
  /** Different values of the pixels that lie between their neighbours. */
  readonly distinct: number;
  /** Of the pixels in `between` and `lonely`, those with a value that means nothing in the dataset. */
  readonly strange: number;
}

/** What is kept of the colours of a colour mask. */
export interface ColorFacts {
  /** Share of pixels in the colour of a class, black or VOC's colour of void. */
  readonly known: number;
  /** Red, green and blue are equal everywhere: a grey picture saved as a colour one. */
  readonly gray: boolean;
  /** Green and blue are 0 everywhere: ids in the red channel. */
  readonly red: boolean;
  /** Different colours; counting stops at {@link MOST_COLORS}. */
  readonly distinct: number;
}

/** Where counting of colours stops. */
export const MOST_COLORS = 4096;

/** What is kept of a mask. */
export interface MaskFacts {
  readonly height: number;
  readonly width: number;
  /** `ids` where the layout does not store ids as indexed PNGs. */
  readonly kind: 'palette' | 'gray' | 'color' | 'jpeg' | 'ids';
  /** Raw values with their pixels, in increasing order; empty for colour masks. */
  readonly values: readonly (readonly [value: number, pixels: number])[];
  readonly edges: EdgeFacts;
  /** One object for all masks with the same palette. */
  readonly palette?: Palette;
  readonly colors?: ColorFacts;
}

/** What is known of one line of a list. */
export interface EntryFacts {
  /** As in the list. */
  readonly id: string;
  readonly subset: Subset;
  /** Line of the list, from 1. */
  readonly line?: number;
  /** Absent where no file was found. */
  readonly imagePath?: string;
  readonly maskPath?: string;
  /** More files that could be the image's or its mask's. */
  readonly rivals?: readonly string[];
  /** Where the image, or its mask, is missing: a file of the same name of a type that is not read. */
  readonly otherImage?: string;
  readonly otherMask?: string;
  /** Absent if there is no file or it cannot be read. */
  readonly image?: PictureFacts;
  readonly mask?: MaskFacts;
  /** Why a file could not be read. */
  readonly imageProblem?: string;
  readonly maskProblem?: string;
  /** What to do about it, where another copy of the file would not help. */
  readonly imageRemedy?: string;
  readonly maskRemedy?: string;
  readonly labelsProblem?: string;
  /** Class ids of image-level labels. */
  readonly imageLabels?: readonly number[];
}

/** What is known of a subset. */
export interface SubsetFacts {
  readonly subset: Subset;
  /** File that names the images; absent for generated datasets. */
  readonly list?: string;
  readonly entries: readonly EntryFacts[];
  readonly imageFolder?: string;
  readonly maskFolder?: string;
  /** Pictures of types that are not read, where the files are the list. */
  readonly passedOver?: readonly string[];
  /** What would find images that are missing. */
  readonly advice?: string;
  /** Why the list could not be read, and what to do about it. */
  readonly problem?: string;
  readonly problemFix?: string;
  /** What the annotation file says, where one file holds all annotations. */
  readonly annotation?: AnnotationFacts;
}

/** A seen/unseen split with the source that the YAML gives for it. */
export interface ExaminedSplit extends ZeroShotSplit {
  readonly name: string;
  readonly source?: string;
}

/** Everything that the checks look at. */
export interface DatasetFacts {
  readonly name: string;
  readonly classes: readonly ClassInfo[];
  /** Whether the YAML maps values to classes. */
  readonly mapped?: boolean;
  /** Class ids by the values that masks hold. */
  readonly stored: ReadonlyMap<number, number>;
  /** Values that mean "unlabelled": 255 among them unless it is a class. */
  readonly ignore: ReadonlySet<number>;
  /** Those that the dataset's YAML names. */
  readonly declaredIgnore?: ReadonlySet<number>;
  readonly split: ExaminedSplit;
  /** Whether the colours of the classes are those of a palette that files may carry too. */
  readonly ownColors: boolean;
  readonly train: SubsetFacts;
  readonly val: SubsetFacts;
  /** The argument with which `unseen dataset prepare` builds this dataset from its official archives, where it can. */
  readonly prepared?: string;
  /** Whether its files lie in the data folder, `$UNSEEN_DATA`. */
  readonly inDataFolder?: boolean;
  /** Whether images may lack a mask. */
  readonly optionalMasks?: boolean;
  /** Files in the folders of images and masks, as paths; absent where there are no such folders. */
  readonly imageFiles?: readonly string[];
  readonly maskFiles?: readonly string[];
}

/** Entries of both subsets. */
export function allEntries({ train, val }: Pick<DatasetFacts, 'train' | 'val'>): readonly EntryFacts[] {
  return [...train.entries, ...val.entries];
}

/** Class of a mask value; `undefined` where it means "unlabelled" or nothing. */
export function classOf(
  { stored, ignore }: Pick<DatasetFacts, 'stored' | 'ignore'>,
  value: number,
): number | undefined {
  return ignore.has(value) ? undefined : stored.get(value);
}
