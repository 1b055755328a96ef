import type { InstanceSet, LabelMap } from '@unseen/core';
import type { DatasetFile } from '../dataset-file.ts';

/** The two parts of a dataset. */
export type Subset = 'train' | 'val';

/** What a layout says of one image, before anything is checked. */
export interface ListedImage {
  readonly id: string;
  /** Line of the list that names the image, from 1; absent where no list was read. */
  readonly line?: number;
  /** Absent where there is no such file. */
  readonly imagePath: string | undefined;
  /** Absent where there is no such file. Layouts that keep all masks in one annotation file name that file. */
  readonly maskPath: string | undefined;
  /**
   * Values as they are stored, before they are mapped to classes and checked; category ids in the layouts of COCO (65535
   * where there is none). Absent where there is no mask; files that cannot be read are {@link UserError}s.
   */
  readonly rawMask?: () => Promise<LabelMap>;
  /** Objects of the dataset's classes. Absent where nothing tells them apart. */
  readonly instances?: () => Promise<InstanceSet>;
  /** Class ids by the dataset's own source of image labels. Absent where it has none. */
  readonly imageLabels?: () => Promise<readonly number[]>;
}

/**
 * What a layout finds of one subset: one entry for every line of the list, files there or not, so that repeated ids and
 * missing files can be told together. Only a list or an annotation file that cannot be read is an error.
 */
export interface SubsetListing {
  /** Path of the list or of the annotation file; the folder of images where the files themselves are the list. */
  readonly list: string;
  readonly entries: readonly ListedImage[];
  readonly imageFolder: string;
  readonly maskFolder: string;
}

/** Lists one subset of a dataset of this layout. */
export type ListLayout<S> = (file: DatasetFile, settings: S, subset: Subset) => Promise<SubsetListing>;
