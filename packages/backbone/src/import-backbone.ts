import { basename } from 'node:path';
import { lookUp, SeedTree, sha256File, UserError } from '@unseen/core';
import type { WeightsFile } from '@unseen/formats';
import { constant, kaimingNormal } from '@unseen/nn';
import { importWeights, planBackboneWeights, type WeightPlan } from './import-weights.ts';
import { publishedWeights } from './published-weights.ts';
import { backbones } from './registry.ts';
import { type StoredWeightsInfo, saveBackbone } from './stored-weights.ts';

/** Options of {@link importBackbone}. */
export interface ImportBackboneOptions {
  /** Name in the registry. */
  readonly backbone: string;
  /** Load what fits. The rest of the network keeps random values, which the file records. */
  readonly partial?: boolean;
  /** Table in a nested checkpoint. */
  readonly table?: string;
  /** Origin of the file. Default: identified by its SHA-256, otherwise its name. */
  readonly source?: string;
  /** Default: identified by its SHA-256, otherwise `unknown`. */
  readonly licence?: string;
}

/** Result of {@link importBackbone}. */
export interface ImportedBackbone {
  readonly info: StoredWeightsInfo;
  readonly plan: WeightPlan;
  /** How the tensors were found in the file, in words. */
  readonly notes: readonly string[];
}

/**
 * Converts published weights, in any format and known naming scheme, to safetensors of a registered backbone that
 * record provenance and input format. Strict: see `importWeights`.
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
    given: `${path} contains several tables of tensors: ${list}`,
    expected: 'the name of one',
    remedy: `choose one: --table ${tables[0]?.path}`,
  });
}
