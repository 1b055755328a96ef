import {
  type BackboneDefinition,
  backbones,
  createBackbone,
  type Encoder,
  loadBackbone,
  loadKerasMobileNet,
  MobileNetV1,
} from '@unseen/backbone';
import { lookUp, SeedTree, sha256File, UserError } from '@unseen/core';
import { constant } from '@unseen/nn';
import type { ExperimentConfig } from './schema.ts';

/** A backbone with its weights in place. */
export interface LoadedBackbone {
  readonly definition: BackboneDefinition;
  readonly encoder: Encoder;
  /** SHA-256 of the weights file. */
  readonly weights: string;
}

/** Builds the backbone of an experiment and loads its weights; a backbone without weights is a {@link UserError}. */
export async function loadExperimentBackbone({
  name,
  weights,
  outputStride,
  tap,
}: ExperimentConfig['backbone']): Promise<LoadedBackbone> {
  const definition = lookUp(backbones, name, 'backbone');
  if (weights === undefined) {
    throw new UserError({
      given: `backbone ${name} without weights`,
      expected: definition.weights ? `its published weights, ${definition.weights.source}` : 'the file of its weights',
      remedy: "download them and name the file under 'backbone.weights'",
    });
  }
  const encoder = createBackbone(name, {
    outputStride,
    norm: 'frozen',
    // Every value is overwritten by the file.
    init: constant(0),
    seeds: new SeedTree(0),
    ...(tap !== undefined && { taps: [tap] }),
  });
  if (weights.endsWith('.h5') && encoder instanceof MobileNetV1) await loadKerasMobileNet(encoder, weights);
  else await loadBackbone(weights, encoder, name);
  return { definition, encoder, weights: await sha256File(weights) };
}
