import type { z } from 'zod';
import type { DatasetFile } from '../dataset-file.ts';
import type { MakeLayoutWriter } from '../export/layout-writer.ts';
import type { Subset, SubsetListing } from './listing.ts';

/** An arrangement of files that datasets are read from and written in. */
export interface Layout<S extends z.ZodType = z.ZodType> {
  /** What a dataset YAML may say with this layout. */
  readonly schema: S;
  /** Lists one subset of a dataset. */
  list(file: DatasetFile, settings: z.output<S>, subset: Subset): Promise<SubsetListing>;
  readonly write: MakeLayoutWriter;
}
