import { existsSync } from 'node:fs';
import { type BackboneDefinition, backbones, createBackbone, type Encoder, loadBackboneFile } from '@unseen/backbone';
import { lookUp, SeedTree, sha256File, UserError } from '@unseen/core';
import { constant } from '@unseen/nn';

/** Which backbone is built, and the file of its weights. */
export interface BackboneChoice {
  readonly name: string;
  readonly weights?: string | undefined;
  readonly tap?: string | undefined;
  readonly outputStride: 1 | 2 | 4 | 8 | 16 | 32;
}

/** The network of a backbone with what the registry says of it. */
export interface BackboneNetwork {
  readonly definition: BackboneDefinition;
  readonly encoder: Encoder;
}

/** A backbone with its weights in place. */
export interface LoadedBackbone extends BackboneNetwork {
  /** SHA-256 of the weights file. */
  readonly weights: string;
}

/** Builds the backbone of an experiment, batch normalisation frozen; its weights, all 0, are still to be loaded. */
export function buildBackbone({ name, outputStride, tap }: BackboneChoice): BackboneNetwork {
  const definition = lookUp(backbones, name, 'backbone');
  const encoder = createBackbone(name, {
    outputStride,
    norm: 'frozen',
    init: constant(0),
    seeds: new SeedTree(0),
    ...(tap !== undefined && { taps: [tap] }),
  });
  return { definition, encoder };
}

const OUTPUT_STRIDES = [1, 2, 4, 8, 16, 32] as const;

/** The output stride of a backbone: the one asked for, if it has that (`UserError`), or its natural one. */
export function chooseOutputStride(name: string, given?: number): BackboneChoice['outputStride'] {
  const { stages } = createBackbone(name, { outputStride: given, init: constant(0), seeds: new SeedTree(0) });
  const { stride } = stages[stages.length - 1];
  const known = OUTPUT_STRIDES.find((one) => one === stride);
  if (known === undefined) throw new UserError({ given: `${name} of output stride ${stride}` });
  return known;
}

/** Builds the backbone of an experiment and loads its weights; a backbone whose weights are not there is a {@link UserError}. */
export async function loadExperimentBackbone(settings: BackboneChoice): Promise<LoadedBackbone> {
  const { name, weights } = settings;
  const definition = lookUp(backbones, name, 'backbone');
  if (weights === undefined || !existsSync(weights)) {
    throw new UserError({
      given: weights === undefined ? `backbone ${name} without weights` : `${weights} does not exist`,
      expected: definition.weights ? `its published weights, ${definition.weights.source}` : 'the file of its weights',
      remedy: definition.weights
        ? `fetch them, 'unseen weights import ${name}', and name the file under 'backbone.weights'`
        : "name it under 'backbone.weights'",
    });
  }
  const { encoder } = buildBackbone(settings);
  await loadBackboneFile(weights, encoder, definition);
  return { definition, encoder, weights: await sha256File(weights) };
}
