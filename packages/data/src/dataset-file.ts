import { type ClassInfo, UserError, type ZeroShotSplit } from '@unseen/core';
import type { CommonSettings } from './layouts/common-settings.ts';

/** A dataset YAML with its classes and splits resolved and its paths made absolute. */
export interface DatasetFile<S extends CommonSettings = CommonSettings> {
  readonly path: string;
  readonly settings: S;
  /** Folder of images and masks. */
  readonly root: string;
  readonly classes: readonly ClassInfo[];
  readonly splits: Readonly<Record<string, ZeroShotSplit>>;
  /** Class ids by the values that the mask files hold, where these are not class ids. */
  readonly valueMap?: ReadonlyMap<number, number>;
}

/** The class of that name or id. */
export function findClass(given: string | number, classes: readonly ClassInfo[]): ClassInfo | undefined {
  return classes.find(({ id, name }) => (typeof given === 'number' ? id === given : name === given));
}

/** Id of a class by its name or its id; anything else is a {@link UserError} that names the dataset's file. */
export function classIdOf({ classes, path }: Pick<DatasetFile, 'classes' | 'path'>, given: string | number): number {
  const found = findClass(given, classes);
  if (found) return found.id;
  throw new UserError({ given: `${path}: '${given}' is not a class of the dataset` });
}
