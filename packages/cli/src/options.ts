import { UserError } from '@unseen/core';
import type { BackendName, Shard } from '@unseen/experiment';

/** Checks a whole number ≥ 0 that yargs hands over as text. */
export function wholeNumber(name: string): (text: unknown) => number | undefined {
  return (text) => {
    if (text === undefined) return undefined;
    if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
    throw new UserError({ given: `--${name} ${shown(text)}`, expected: 'a whole number' });
  };
}

/** Checks a whole number > 0 that yargs hands over as text. */
export function positiveWholeNumber(name: string): (text: unknown) => number | undefined {
  const check = wholeNumber(name);
  return (text) => {
    const value = check(text);
    if (value !== 0) return value;
    throw new UserError({ given: `--${name} 0`, expected: 'a whole number above 0' });
  };
}

/** Checks a size such as `321` or `375x500`. */
export function imageSize(name: string): (text: unknown) => readonly [height: number, width: number] | undefined {
  return (text) => {
    if (text === undefined) return undefined;
    const [, height, width = height] = (typeof text === 'string' && /^(\d{1,5})(?:x(\d{1,5}))?$/.exec(text)) || [];
    if (Number(height) > 0 && Number(width) > 0) return [Number(height), Number(width)];
    throw new UserError({ given: `--${name} ${shown(text)}`, expected: 'a size such as 321 or 375x500' });
  };
}

/** Checks a list such as `0,1,2`. */
export function wholeNumbers(name: string): (text: unknown) => number[] | undefined {
  return (text) => {
    if (text === undefined) return undefined;
    const numbers = typeof text === 'string' && /^\d{1,15}(,\d{1,15})*$/.test(text) ? text.split(',').map(Number) : [];
    if (numbers.length > 0 && new Set(numbers).size === numbers.length) return numbers;
    throw new UserError({
      given: `--${name} ${shown(text)}`,
      expected: 'different whole numbers with commas, such as 0,1,2',
    });
  };
}

/** Checks a number from 0 to 1 that yargs hands over as text. */
export function probability(name: string): (text: unknown) => number | undefined {
  return (text) => {
    if (text === undefined) return undefined;
    const value = typeof text === 'string' && DECIMAL.test(text) ? Number(text) : Number.NaN;
    if (value >= 0 && value <= 1) return value;
    throw new UserError({ given: `--${name} ${shown(text)}`, expected: 'a number from 0 to 1' });
  };
}

/** Checks a list such as `1,0.75`. */
export function positiveNumbers(name: string): (text: unknown) => number[] | undefined {
  return (text) => {
    if (text === undefined) return undefined;
    const numbers =
      typeof text === 'string' ? text.split(',').map((part) => (DECIMAL.test(part) ? Number(part) : 0)) : [];
    if (numbers.length > 0 && numbers.every((n) => n > 0) && new Set(numbers).size === numbers.length) return numbers;
    throw new UserError({
      given: `--${name} ${shown(text)}`,
      expected: 'different positive numbers with commas, such as 1,0.75',
    });
  };
}

const DECIMAL = /^\d{0,6}\.?\d{1,9}$/;

/** Refuses an option that is given twice; yargs calls it only for options that are there. */
export function once(name: string): (text: string | readonly string[]) => string {
  return (text) => {
    if (typeof text === 'string') return text;
    throw new UserError({ given: `--${name} ${shown(text)}`, remedy: `pass --${name} only once` });
  };
}

/** `--set`, of every verb that reads an experiment. */
export const setOption = {
  type: 'string',
  array: true,
  requiresArg: true,
  default: [] as string[],
  describe: 'Override a setting: --set train.iterations=100 (repeatable)',
} as const;

/** `--backend`, of the verbs that compute. */
export const backendOption = {
  type: 'string',
  requiresArg: true,
  choices: ['auto', 'tensorflow', 'webgpu', 'onnxruntime', 'cpu'] as const satisfies readonly BackendName[],
  coerce: once('backend') as (text: string | readonly string[]) => BackendName | undefined,
  describe: "What computes: see 'unseen backends'",
} as const;

/** Overrides of an experiment's settings, `--backend` among them. */
export const withBackend = (set: readonly string[], backend: BackendName | undefined): string[] =>
  backend === undefined ? [...set] : [...set, `backend=${backend}`];

/** An option of any text, which may be given once. */
export const textOption = (name: string, describe: string) =>
  ({
    type: 'string',
    requiresArg: true,
    coerce: once(name) as (text: string | readonly string[]) => string | undefined,
    describe,
  }) as const;

/** An option of any text, which may be given several times. */
export const textsOption = (describe: string) =>
  ({ type: 'string', array: true, requiresArg: true, describe }) as const;

/** `--out`. */
export const outOption = (describe: string) => textOption('out', describe);

/** `--crf`, of the verbs that segment photos. */
export const crfOption = {
  type: 'string',
  requiresArg: true,
  coerce: once('crf') as (text: string | readonly string[]) => string | undefined,
  describe:
    'Refine the classes on the photo by a dense CRF with published parameters: spnet, irnet, mcis or labelPenet',
} as const;

function shown(value: unknown): string {
  return Array.isArray(value) ? value.join(' and ') : `'${value}'`;
}

/** Checks a part of some images, such as 2/8, that yargs hands over as text. */
export function shardOf(text: unknown): Shard | undefined {
  if (text === undefined) return undefined;
  const [, index, count] = (typeof text === 'string' && /^(\d{1,6})\/(\d{1,6})$/.exec(text)) || [];
  if (Number(index) >= 1 && Number(index) <= Number(count)) return { index: Number(index), count: Number(count) };
  throw new UserError({ given: `--shard '${text}'`, expected: 'a part such as 2/8, from 1/8 to 8/8' });
}
