import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import type { Shape } from '@unseen/tensor';
import { describeProblems, planBackboneWeights, shapesOf } from './import-weights.ts';
import { backbones } from './registry.ts';

/** A registered backbone that a weights file may belong to. */
export interface BackboneFit {
  readonly name: string;
  /** Whether the names match too, so that the file can be imported; otherwise only the shapes match. */
  readonly loads: boolean;
  /** Naming scheme of the file if the names match: `torchvision`, `Keras`, … */
  readonly family?: string;
  /** Tensors of the file that the backbone does not have, such as those of a classifier. */
  readonly extra: number;
}

/**
 * Registered backbones that fit a file with tensors of these shapes: those whose names and shapes match or, if there
 * are none, those whose shapes (in any order of the axes) all occur in the file, with the fewest extra tensors.
 */
export function fittingBackbones(tensors: ReadonlyMap<string, Shape>): BackboneFit[] {
  const given = new Map([...tensors].filter(([, shape]) => shape.length > 0));
  const exact: BackboneFit[] = [];
  const similar: (BackboneFit & { readonly size: number })[] = [];
  for (const name of Object.keys(backbones)) {
    const encoder = backbones[name].build({ norm: 'frozen', init: constant(0), seeds: new SeedTree(0) });
    const plan = planBackboneWeights(encoder, given);
    if (describeProblems(plan).length === 0) {
      exact.push({ name, loads: true, family: plan.family, extra: plan.leftOut.length });
    }
    const wanted = shapesOf(encoder);
    const extra = remainder(given, wanted);
    if (extra !== undefined) similar.push({ name, loads: false, extra, size: wanted.size });
  }
  if (exact.length > 0) return exact;
  // The shapes of a small network may well occur in a larger one.
  const likely = similar.filter(({ extra, size }) => extra < size);
  const fewest = Math.min(...likely.map(({ extra }) => extra));
  return likely.filter(({ extra }) => extra === fewest).map(({ name, loads, extra }) => ({ name, loads, extra }));
}

/** Number of tensors beyond the wanted ones, or `undefined` if some are missing. */
function remainder(given: ReadonlyMap<string, Shape>, wanted: ReadonlyMap<string, Shape>): number | undefined {
  const counts = new Map<string, number>();
  const key = (shape: Shape) => [...shape].sort((a, b) => a - b).join();
  for (const shape of given.values()) counts.set(key(shape), (counts.get(key(shape)) ?? 0) + 1);
  for (const shape of wanted.values()) {
    const left = counts.get(key(shape)) ?? 0;
    if (left === 0) return undefined;
    counts.set(key(shape), left - 1);
  }
  return given.size - wanted.size;
}
