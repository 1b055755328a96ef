import { basename } from 'node:path';
import { lookUp, SeedTree, sha256File, UserError } from '@unseen/core';
import type { WeightsFile } from '@unseen/formats';
import { constant, kaimingNormal } from '@unseen/nn';
import { importWeights, planBackboneWeights, type WeightPlan } from './import-weights.ts';
import { publishedWeights } from './published-weights.ts';
import { backbones } from './registry.ts';
import { type StoredWeightsInfo, saveBackbone } from './stored-weights.ts';

/** How {@link importBackbone} imports. */
export interface ImportBackboneOptions {
  /** Name in the registry. */
  readonly backbone: string;
  /** Load what fits; the rest of the network keeps random values, and the file says which. */
  readonly partial?: boolean;
  /** Table of a nested checkpoint. */
  readonly table?: string;
  /** Where the file comes from. Default: known by its SHA-256, or its name. */
  readonly source?: string;
  /** Default: known by its SHA-256, or `unknown`. */
  readonly licence?: string;
}

/** What {@link importBackbone} has done. */
export interface ImportedBackbone {
  readonly info: StoredWeightsInfo;
  readonly plan: WeightPlan;
  /** What was done to find the tensors in the file, in plain words. */
  readonly notes: readonly string[];
}

/**
 * Converts a file of published weights, in any format and by any known family of names, to weights of a registered
 * backbone, as safetensors with where they come from and what input they expect. Strict: see `importWeights`.
 */
export async function importBackbone(
  path: string,
  out: string,
  { backbone, partial = false, table, source, licence }: ImportBackboneOptions,
): Promise<ImportedBackbone> {
  const definition = lookUp(backbones, backbone, 'backbone');
  const { openWeights } = await import('@unseen/formats');
  const file = await openWeights(path, table === undefined ? {} : { table });
  try {
    requireTable(file);
    const given = new Map(file.tensors.map(({ name, shape }) => [name, shape]));
    const init = partial ? kaimingNormal : constant(0);
    const encoder = definition.build({ norm: 'frozen', init, seeds: new SeedTree(0) });
    const plan = planBackboneWeights(encoder, given);
    await importWeights(file, encoder, plan, { partial });
    const sha256 = await sha256File(path);
    const published = Object.values(publishedWeights()).find(
      (entry) => entry.sha256 !== undefined && sha256.startsWith(entry.sha256),
    );
    const loaded = new Set(plan.loaded.map(({ target }) => target));
    const random = [...encoder.namedParameters().keys()].filter((name) => !loaded.has(name));
    const info: StoredWeightsInfo = {
      backbone,
      source: source ?? published?.source ?? basename(path),
      sha256,
      licence: licence ?? published?.licence ?? 'unknown',
      ...(published && { paper: published.paper }),
      input: definition.input,
      ...(random.length > 0 && { random }),
    };
    await saveBackbone(out, encoder, info);
    return { info, plan, notes: file.notes };
  } finally {
    await file.close();
  }
}

function requireTable({ path, table, tables }: WeightsFile): void {
  if (table !== undefined) return;
  const list = tables.map((one) => `'${one.path}' (${one.tensors} tensors)`).join(', ');
  throw new UserError({
    given: `${path} holds several tables of tensors: ${list}`,
    expected: 'one to be named',
    remedy: `name it: --table ${tables[0]?.path}`,
  });
}
