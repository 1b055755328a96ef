import type { InstanceSet, LabelMap } from '@unseen/core';
import type { AnnotationFacts } from '../coco/annotation-file.ts';

/** The two parts of a dataset. */
export type Subset = 'train' | 'val';

/** What a layout finds for one image, before anything is checked. */
export interface ListedImage {
  readonly id: string;
  /** Line of the list that names the image, from 1; absent where no list was read. */
  readonly line?: number;
  /** Absent if the file does not exist. */
  readonly imagePath: string | undefined;
  /** Absent if the file does not exist. Layouts that keep all masks in one annotation file name that file. */
  readonly maskPath: string | undefined;
  /** More files that could be the image's, or its mask's: of another type, or whose name differs in letter case alone. */
  readonly rivals?: readonly string[];
  /**
   * Values as they are stored, before they are mapped to classes and checked; category ids in the layouts of COCO (65535
   * if a pixel has none). Absent without a mask; files that cannot be read are {@link UserError}s.
   */
  readonly rawMask?: () => Promise<LabelMap>;
  /** Objects of the dataset's classes. Absent where objects are not told apart. */
  readonly instances?: () => Promise<InstanceSet>;
  /** Class ids from the dataset's source of image labels. Absent where it has none. */
  readonly imageLabels?: () => Promise<readonly number[]>;
}

/**
 * What a layout finds of one subset: an entry for every line of the list, whether its files exist or not, so repeated ids and
 * missing files can be reported together. Only an unreadable list or annotation file is an error.
 */
export interface SubsetListing {
  /** Path of the list or of the annotation file; the folder of images where the files themselves are the list. */
  readonly list: string;
  readonly entries: readonly ListedImage[];
  readonly imageFolder: string;
  readonly maskFolder: string;
  /** Pictures of types that are not read, where the files are the list: as paths from the folder of images. */
  readonly passedOver?: readonly string[];
  /** What the annotation file says, where one file holds all annotations. */
  readonly annotation?: AnnotationFacts;
  /** What would find missing images, as far as that was tried; `undefined` if nothing would. */
  readonly adviseOnImages?: () => Promise<string | undefined>;
}
