import type { Dataset, InstanceSet, LabelMap } from '@unseen/core';
import type { Subset } from '../layouts/listing.ts';

/** What is written of one image besides the photo. */
export interface ExportedSample {
  readonly subset: Subset;
  readonly id: string;
  /** Name of the photo's file below the folder of images. */
  readonly imageName: string;
  readonly mask: LabelMap;
  readonly instances?: InstanceSet;
}

/** Contents by path below the exported folder. */
export type ExportedFiles = Readonly<Record<string, string | Uint8Array>>;

/** Files of one image and its entry in the annotation file, where the layout has one. */
export interface ExportedMask {
  readonly files: ExportedFiles;
  readonly annotation?: unknown;
}

/** Writes masks and lists in one layout. */
export interface LayoutWriter {
  /** What the YAML says besides what it says for every layout. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Whether it keeps objects. */
  readonly objects: boolean;
  /** Photos are PNGs whose names end so; otherwise they keep their bytes and their type. */
  readonly imageSuffix?: string;
  imageFolder(subset: Subset): string;
  mask(sample: ExportedSample): ExportedMask;
  /** Lists and annotation files. */
  finish(written: Readonly<Record<Subset, readonly FinishedSample[]>>): ExportedFiles;
}

/** An image that was written. */
export interface FinishedSample {
  readonly id: string;
  readonly annotation?: unknown;
}

/** Makes the writer of a layout for a dataset. */
export type MakeLayoutWriter = (dataset: Dataset) => LayoutWriter;
