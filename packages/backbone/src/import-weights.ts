import { UserError } from '@unseen/core';
import type { WeightsFile } from '@unseen/formats';
import type { Module } from '@unseen/nn';
import { type Shape, sizeOf } from '@unseen/tensor';
import type { Encoder } from './encoder.ts';
import type { WeightNames } from './names/rename.ts';

/** Assignment of the tensors of a file to those of a network. */
export interface WeightPlan {
  /** Naming scheme, see {@link WeightNames}. */
  readonly family: string;
  readonly loaded: readonly { readonly source: string; readonly target: string; readonly axes?: readonly number[] }[];
  /** Tensors of the file that the network does not need, such as a classifier. */
  readonly leftOut: readonly { readonly name: string; readonly what: string }[];
  /** Unknown tensors of the file. */
  readonly unmatched: readonly string[];
  /** Tensors of the network that the file lacks. */
  readonly missing: readonly string[];
  /** Tensors of the file with another shape, in its order of axes. */
  readonly misshapen: readonly { readonly name: string; readonly given: Shape; readonly expected: Shape }[];
}

/** Options of {@link importWeights}. */
export interface ImportWeightsOptions {
  /** Load what fits. Default: everything must fit, except {@link WeightPlan.leftOut}. */
  readonly partial?: boolean;
}

const OWN_NAMES: WeightNames = { family: 'unseen', rename: (name) => name, others: [] };

/** The naming schemes of an encoder's weights, our own first. */
export function weightNamesOf(encoder: Encoder): WeightNames[] {
  return [OWN_NAMES, ...encoder.publishedNames()];
}

/** The plan for the naming scheme that recognises the most tensors. */
export function planBackboneWeights(encoder: Encoder, given: ReadonlyMap<string, Shape>): WeightPlan {
  const wanted = shapesOf(encoder);
  const plans = weightNamesOf(encoder).map((names) => planWeights(given, wanted, names));
  const known = ({ loaded, misshapen }: WeightPlan) => loaded.length + misshapen.length;
  return plans.reduce((best, plan) => (known(plan) > known(best) ? plan : best));
}

/** Shapes of a network's tensors by name. */
export function shapesOf(network: Module): Map<string, Shape> {
  return new Map([...network.namedParameters()].map(([name, { shape }]) => [name, shape]));
}

/** Assigns every tensor of a file to one of a network. Two tensors for the same one are a `UserError`. */
export function planWeights(
  given: ReadonlyMap<string, Shape>,
  wanted: ReadonlyMap<string, Shape>,
  { family, rename, axes: axesOf, others }: WeightNames,
): WeightPlan {
  const loaded: WeightPlan['loaded'][number][] = [];
  const leftOut: WeightPlan['leftOut'][number][] = [];
  const misshapen: WeightPlan['misshapen'][number][] = [];
  const unmatched: string[] = [];
  const sources = new Map<string, string>();
  for (const [name, shape] of given) {
    const target = rename(name);
    const place = target === undefined ? undefined : wanted.get(target);
    if (target === undefined || place === undefined) {
      const known = others.find(([pattern]) => pattern.test(name));
      if (known) leftOut.push({ name, what: known[1] });
      else unmatched.push(name);
      continue;
    }
    const earlier = sources.get(target);
    if (earlier !== undefined) throw new UserError({ given: `'${earlier}' and '${name}' both map to '${target}'` });
    sources.set(target, name);
    const axes = axesOf?.(name);
    const expected = axes ? place.map((_, axis) => place[axes.indexOf(axis)]) : place;
    if (expected.join() !== shape.join()) misshapen.push({ name, given: shape, expected });
    else loaded.push({ source: name, target, ...(axes && { axes }) });
  }
  return { family, loaded, leftOut, unmatched, missing: [...wanted.keys()].filter((n) => !sources.has(n)), misshapen };
}

/**
 * Loads a file's tensors into a network according to a plan. Strict: tensors that are unknown, missing or of another
 * shape are listed in a `UserError`, and nothing is changed. With `partial` they are skipped, as long as anything fits.
 * Values that are not finite and negative variances are `UserError`s that leave the network partly loaded.
 */
export async function importWeights(
  file: WeightsFile,
  network: Module,
  plan: WeightPlan,
  { partial = false }: ImportWeightsOptions = {},
): Promise<void> {
  const parameters = network.namedParameters();
  const problems = describeProblems(plan);
  if (plan.loaded.length === 0 || (problems.length > 0 && !partial)) {
    throw new UserError({
      given: `the tensors of ${file.path} do not fit: ${problems.join('; ')}`,
      expected: `the ${parameters.size} tensors of this network, with the names of ${plan.family}`,
      remedy:
        plan.loaded.length === 0
          ? "choose the backbone of this file; 'unseen weights inspect' shows which ones fit"
          : 'choose another backbone, or load only what fits (--partial)',
    });
  }
  for (const { source, target, axes } of plan.loaded) {
    const { shape, values } = await file.readFloat32(source);
    requireSound(file.path, source, target, values);
    parameters.get(target)!.assign(axes ? await permuted(values, shape, axes) : values);
  }
}

/** What does not fit, one phrase per kind of problem; empty if everything fits. */
export function describeProblems({ unmatched, missing, misshapen }: WeightPlan): string[] {
  const shapes = misshapen.map(({ name, given, expected }) => `${name} is [${given}] instead of [${expected}]`);
  const kinds = { missing, unmatched, misshapen: shapes };
  return Object.entries(kinds).flatMap(([kind, names]) => (names.length > 0 ? [`${kind}: ${listed(names)}`] : []));
}

/** The tensors that a plan leaves out, one phrase per kind. */
export function describeLeftOut({ leftOut }: WeightPlan): string[] {
  const kinds = [...new Set(leftOut.map(({ what }) => what))];
  return kinds.map((kind) => {
    const names = leftOut.filter(({ what }) => what === kind).map(({ name }) => name);
    return `${kind} (${names.length}): ${listed(names, 4)}`;
  });
}

function requireSound(path: string, source: string, target: string, values: Float32Array): void {
  if (!values.every(Number.isFinite)) throw new UserError({ given: `${path}: the weight '${source}' is not finite` });
  if (target.endsWith('.runningVariance') && values.some((variance) => variance < 0)) {
    throw new UserError({ given: `${path}: '${source}' contains negative values`, expected: 'running variances' });
  }
}

/** Values of `shape` with its axes in another order. */
async function permuted(values: Float32Array, shape: Shape, axes: readonly number[]): Promise<Float32Array> {
  const { gather } = await import('@unseen/formats');
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const ordered = new Float32Array(values.length);
  const pick = (of: readonly number[]) => axes.map((axis) => of[axis]);
  gather(values, ordered, pick(shape), pick(strides));
  return ordered;
}

function listed(names: readonly string[], shown = 12): string {
  const rest = names.length - shown;
  return names.slice(0, shown).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
