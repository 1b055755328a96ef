import { UserError } from '@unseen/core';
import type { WeightsFile } from '@unseen/formats';
import type { Module } from '@unseen/nn';
import { type Shape, sizeOf } from '@unseen/tensor';
import type { Encoder } from './encoder.ts';
import type { WeightNames } from './names/rename.ts';

/** What becomes of each tensor of a file, and of each tensor of a network. */
export interface WeightPlan {
  /** As {@link WeightNames} calls it. */
  readonly family: string;
  readonly loaded: readonly { readonly source: string; readonly target: string; readonly axes?: readonly number[] }[];
  /** Of the file: tensors that the network does not need, such as a classifier. */
  readonly leftOut: readonly { readonly name: string; readonly what: string }[];
  /** Of the file: tensors that nothing is known of. */
  readonly unmatched: readonly string[];
  /** Of the network: tensors that the file does not have. */
  readonly missing: readonly string[];
  /** Of the file, with its order of axes. */
  readonly misshapen: readonly { readonly name: string; readonly given: Shape; readonly expected: Shape }[];
}

/** How {@link importWeights} loads. */
export interface ImportWeightsOptions {
  /** Loads what fits; default: everything must fit but {@link WeightPlan.leftOut}. */
  readonly partial?: boolean;
}

const OWN_NAMES: WeightNames = { family: 'unseen', rename: (name) => name, others: [] };

/** The families of names in which an encoder's weights are published, this toolkit's own first. */
export function weightNamesOf(encoder: Encoder): WeightNames[] {
  return [OWN_NAMES, ...encoder.publishedNames()];
}

/** The plan by the family of names that knows most of the tensors' names. */
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

/** Finds the place of every tensor of a file in a network. Two tensors for one place are a `UserError`. */
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
    if (earlier !== undefined) throw new UserError({ given: `'${earlier}' and '${name}' are both '${target}'` });
    sources.set(target, name);
    const axes = axesOf?.(name);
    const expected = axes ? place.map((_, axis) => place[axes.indexOf(axis)]) : place;
    if (expected.join() !== shape.join()) misshapen.push({ name, given: shape, expected });
    else loaded.push({ source: name, target, ...(axes && { axes }) });
  }
  return { family, loaded, leftOut, unmatched, missing: [...wanted.keys()].filter((n) => !sources.has(n)), misshapen };
}

/**
 * Loads a file's tensors into a network by a plan. Strict: tensors that are unknown, missing or of another shape are
 * listed in a `UserError`, and nothing is changed. With `partial` they are passed over, as long as anything fits. Values
 * that are not finite, and variances below 0, are `UserError`s after which the network is of no use.
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
      expected: `the ${parameters.size} tensors of this network, by the names of ${plan.family}`,
      remedy:
        plan.loaded.length === 0
          ? "choose the backbone that the file is of: 'unseen weights inspect' shows which it fits"
          : 'choose another backbone, or ask for what fits alone (--partial)',
    });
  }
  for (const { source, target, axes } of plan.loaded) {
    const { shape, values } = await file.readFloat32(source);
    requireSound(file.path, source, target, values);
    parameters.get(target)!.assign(axes ? await permuted(values, shape, axes) : values);
  }
}

/** What does not fit, a sentence for each kind; empty when all fits. */
export function describeProblems({ unmatched, missing, misshapen }: WeightPlan): string[] {
  const shapes = misshapen.map(({ name, given, expected }) => `${name} is [${given}] instead of [${expected}]`);
  const kinds = { missing, unmatched, misshapen: shapes };
  return Object.entries(kinds).flatMap(([kind, names]) => (names.length > 0 ? [`${kind}: ${listed(names)}`] : []));
}

/** What a plan leaves out as not needed, a sentence for each kind. */
export function describeLeftOut({ leftOut }: WeightPlan): string[] {
  const kinds = [...new Set(leftOut.map(({ what }) => what))];
  return kinds.map((kind) => {
    const names = leftOut.filter(({ what }) => what === kind).map(({ name }) => name);
    return `${kind} (${names.length}): ${listed(names, 4)}`;
  });
}

function requireSound(path: string, source: string, target: string, values: Float32Array): void {
  if (!values.every(Number.isFinite)) throw new UserError({ given: `${path}: weight '${source}' is not finite` });
  if (target.endsWith('.runningVariance') && values.some((variance) => variance < 0)) {
    throw new UserError({ given: `${path}: '${source}' has a variance below 0`, expected: 'running variances' });
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
