import { UserError } from '@unseen/core';
import { PickledArray } from './pickle/numpy-globals.ts';
import { PickledObject, PickledRecord, type PickleValue } from './pickle/values.ts';
import { TorchTensor } from './torch/tensor.ts';
import type { WeightsTable } from './weights-file.ts';

/** A tensor that a pickle holds. */
export type PickledTensor = TorchTensor | (PickledArray & { readonly dtype: NonNullable<PickledArray['dtype']> });

/** The tensors of a checkpoint under their names, and what was done to find them. */
export interface ChosenTensors {
  readonly tensors: ReadonlyMap<string, PickledTensor>;
  readonly tables: readonly WeightsTable[];
  readonly table: string | undefined;
  readonly notes: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

interface Table extends WeightsTable {
  readonly entries: readonly (readonly [name: string, tensor: PickledTensor])[];
  /** Entries that are neither tensors nor tables. */
  readonly others: readonly string[];
}

// The names under which training scripts keep a network beside its optimizer and epoch.
const USUAL = /^(?:model_?)?(?:state_dict|state|model|net|network|weights|params)$/;
const NOT_WEIGHTS = /optim|sched|scaler/i;
const MAX_DEPTH = 4;
const MODULE = 'module.';

/**
 * Finds the tensors in a pickle: its only table of tensors, the usual one of several, or the one asked for. Otherwise all are returned, with their table's path before their names.
 */
export function chooseTensors(
  root: PickleValue,
  path: string,
  { table: asked, stripModule = true }: { readonly table?: string; readonly stripModule?: boolean },
): ChosenTensors {
  const tables = isTensor(root) ? [single(root)] : findTables(root);
  const chosen = asked === undefined ? usualTable(tables) : askedTable(tables, asked, path);
  if (tables.length === 0) throw noTensors(root, path);
  const models = tables.filter((table) => !isNoModel(table));
  const notes: string[] = [];
  if (chosen && chosen.path !== '') notes.push(`using the tensors of '${chosen.path}'`);
  const unused = chosen ? tables.filter((table) => table !== chosen) : tables.filter(isNoModel);
  if (unused.length > 0) notes.push(`left out: ${listByKey(unused)}`);
  if (!chosen) notes.push(`there are several tables (${list(models)}); choose one`);
  if (chosen && chosen.path !== '' && chosen.others.length > 0) notes.push(leftOut(chosen));
  const named = chosen ? chosen.entries : models.flatMap(withPath);
  const prefixed = stripModule && named.length > 0 && named.every(([name]) => name.startsWith(MODULE));
  if (prefixed) notes.push(`removed '${MODULE}' from the names`);
  const tensors = new Map<string, PickledTensor>();
  for (const [name, tensor] of named) {
    const key = prefixed ? name.slice(MODULE.length) : name;
    if (tensors.has(key)) throw new UserError({ given: `${path} has two tensors named '${key}'` });
    tensors.set(key, tensor);
  }
  return {
    tensors,
    tables: models.map(({ path, tensors }) => ({ path, tensors })),
    table: chosen?.path,
    notes,
    metadata: scalarsOf(root),
  };
}

function single(tensor: PickledTensor): Table {
  return { path: '', tensors: 1, entries: [['tensor', tensor]], others: [] };
}

function findTables(root: PickleValue): Table[] {
  const tables: Table[] = [];
  const met = new Set<PickleValue>();
  const visit = (value: PickleValue, path: readonly string[]): void => {
    if (met.has(value)) return;
    met.add(value);
    const entries: [string, PickledTensor][] = [];
    const others: string[] = [];
    const inner: [string, PickleValue][] = [];
    for (const [key, entry] of entriesOf(value)) {
      if (isTensor(entry)) entries.push([key, entry]);
      else if (isContainer(entry)) inner.push([key, entry]);
      else others.push(key);
    }
    if (entries.length > 0) tables.push({ path: path.join('/'), tensors: entries.length, entries, others });
    if (path.length < MAX_DEPTH) for (const [key, entry] of inner) visit(entry, [...path, key]);
  };
  visit(root, []);
  return tables;
}

function usualTable(tables: readonly Table[]): Table | undefined {
  const weights = tables.filter((table) => !isNoModel(table));
  if (weights.length <= 1) return weights[0];
  const usual = weights.filter(({ path }) => USUAL.test(path.split('/').at(-1)!));
  return usual.length === 1 ? usual[0] : undefined;
}

const isNoModel = ({ path }: Table) => NOT_WEIGHTS.test(path);

function askedTable(tables: readonly Table[], asked: string, path: string): Table {
  const found = tables.find((table) => table.path === asked);
  if (found) return found;
  throw new UserError({ given: `${path} has no table '${asked}'`, expected: `one of: ${list(tables)}` });
}

function withPath({ path, entries }: Table): (readonly [string, PickledTensor])[] {
  return entries.map(([name, tensor]) => [path === '' ? name : `${path}/${name}`, tensor]);
}

function entriesOf(value: PickleValue): Iterable<readonly [string, PickleValue]> {
  if (Array.isArray(value)) return (value as PickleValue[]).map((entry, i) => [String(i), entry] as const);
  if (value instanceof Map) return [...value].map(([key, entry]) => [nameOf(key), entry] as const);
  return [];
}

const nameOf = (key: PickleValue) =>
  typeof key === 'string' ? key : `(${String(typeof key === 'number' ? key : typeof key)})`;

/** Nested lists are not searched: they are data. */
const isContainer = (value: PickleValue) => value instanceof Map;

const isTensor = (value: PickleValue): value is PickledTensor =>
  value instanceof TorchTensor || (value instanceof PickledArray && value.dtype !== undefined);

function scalarsOf(root: PickleValue): Record<string, string> {
  const scalars: [string, string][] = [];
  const add = (name: string, value: PickleValue) => {
    if (['string', 'number', 'bigint', 'boolean'].includes(typeof value)) scalars.push([name, String(value)]);
  };
  for (const [key, value] of root instanceof Map ? entriesOf(root) : []) {
    add(key, value);
    if (value instanceof PickledRecord) for (const [name, inner] of value.attributes) add(`${key}.${name}`, inner);
  }
  return Object.fromEntries(scalars);
}

function leftOut({ others }: Table): string {
  const names = others.slice(0, 5).map((name) => `'${name}'`);
  return `left out: ${others.length} entries that are not tensors (${names.join(', ')}${others.length > 5 ? ', …' : ''})`;
}

const counted = (tensors: number) => (tensors === 1 ? '1 tensor' : `${tensors} tensors`);

function list(tables: readonly Table[]): string {
  return tables.map(({ path, tensors }) => `'${path}' (${counted(tensors)})`).join(', ');
}

/** Tables of one outermost key together: an optimizer has one for each weight. */
function listByKey(tables: readonly Table[]): string {
  const counts = new Map<string, number>();
  for (const { path, tensors } of tables) {
    const [key] = path.split('/');
    counts.set(key, (counts.get(key) ?? 0) + tensors);
  }
  return [...counts].map(([key, count]) => `${counted(count)} of ${key ? `'${key}'` : 'no table'}`).join(', ');
}

function noTensors(root: PickleValue, path: string): UserError {
  const kind = root instanceof PickledObject ? root.describe() : root instanceof Map ? 'a dictionary' : typeof root;
  const keys = root instanceof Map ? ` of ${[...root.keys()].slice(0, 8).map(nameOf).join(', ')}` : '';
  return new UserError({
    given: `${path} holds no tensors, but ${kind}${keys}`,
    expected: 'a table of tensors',
    remedy: 'save model.state_dict()',
  });
}
