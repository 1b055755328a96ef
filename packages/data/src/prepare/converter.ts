import type { DatasetFile } from '../dataset-file.ts';
import type { DatasetSettings } from '../read-dataset-file.ts';
import type { PrepareSettings } from './settings.ts';

/** What a converter needs of one of its sources. */
export interface SourceNeed {
  /** A path by which an unpacked folder is recognised; a source without it is a single file. */
  readonly marker?: string;
  /** Paths of the files that are unpacked. */
  readonly files?: RegExp;
  /** The converter does without it too. */
  readonly optional?: boolean;
}

/** How the values of a mask are found. */
export type MaskSource =
  /** An indexed or grey PNG; it is taken over as it is where no table is given. */
  | { readonly kind: 'png' }
  /** An array of a MATLAB file, by its path through structs. */
  | { readonly kind: 'mat'; readonly variable: string }
  /** A PNG of segment ids with the category of each. */
  | { readonly kind: 'panoptic'; readonly segments: readonly (readonly [number, number])[]; readonly keep: boolean };

/** What is done for one image. Plain data: it travels to the threads. */
export interface ImageTask {
  readonly id: string;
  readonly image: string;
  /** Files that are taken over as they are. */
  readonly files: readonly { readonly from: string; readonly to: string }[];
  readonly mask?: { readonly from: string; readonly to: string; readonly source: MaskSource };
}

/** A list of images that is written. */
export interface ImageList {
  readonly name: string;
  readonly path: string;
  readonly ids: readonly string[];
}

/** Something that does not become a part of the dataset. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
  readonly count: number;
  /** The first few. */
  readonly examples: readonly string[];
}

/** Values of masks by the values that are stored in the source; all others become `other`. */
export interface ValueTable {
  readonly values: readonly (readonly [stored: number, value: number])[];
  readonly other?: number;
}

/** All that is to be done, in an order that depends on the sources alone. */
export interface Plan {
  readonly tasks: readonly ImageTask[];
  readonly lists: readonly ImageList[];
  readonly leftOut: readonly LeftOut[];
  readonly table?: ValueTable;
  /** Files that belong to no image. */
  readonly files?: readonly { readonly from: string; readonly to: string }[];
}

/** What a plan is made from. */
export interface PlanInput {
  readonly file: DatasetFile<DatasetSettings>;
  readonly settings: PrepareSettings;
  /** Folder of the dataset, where everything is written to. */
  readonly target: string;
  /** Folder (or file) of each source that was found. */
  readonly sources: Readonly<Record<string, string>>;
  /** Where a list of the dataset's YAML is written to. */
  listPath(subset: 'train' | 'val'): string;
}

/** Builds the files of a dataset from its official archives. */
export interface Converter {
  /** Raised when its results change. */
  readonly version: number;
  readonly sources: Readonly<Record<string, SourceNeed>>;
  plan(input: PlanInput): Promise<Plan>;
}

/** Some left-out images as one entry, or none. */
export function leftOut(ids: readonly string[], what: string, why: string): LeftOut[] {
  return ids.length === 0 ? [] : [{ what, why, count: ids.length, examples: ids.slice(0, 3) }];
}
