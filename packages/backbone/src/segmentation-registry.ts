import { lookUp, UserError } from '@unseen/core';
import type { Normalization } from '@unseen/vision';
import { deepLabs } from './deeplab-variants.ts';
import { type BackboneOptions, requireKnown, type WeightsInfo } from './registry.ts';
import type { SegmentationNetwork } from './segmentation-network.ts';

/** What a segmentation network can be built with. */
export interface SegmentationOptions
  extends Pick<BackboneOptions, 'norm' | 'init' | 'inputs' | 'outputStride' | 'seeds'> {
  readonly classes: number;
}

/** An entry of the registry, named `<architecture>_<backbone>.<tag>` after the method whose variant it is. */
export interface SegmentationDefinition {
  readonly name: string;
  readonly build: (options: SegmentationOptions) => SegmentationNetwork;
  /** Name of its backbone in the registry of backbones. */
  readonly backbone: string;
  readonly input: Normalization;
  /** Strides of the encoder that it can be built with, the default first. */
  readonly outputStrides: readonly number[];
  readonly weights?: WeightsInfo;
  readonly paper?: string;
}

const definitions: Record<string, SegmentationDefinition> = Object.fromEntries(
  deepLabs.map((definition) => [definition.name, definition]),
);

/** Every segmentation network by its name. */
export const segmentationNetworks: Readonly<Record<string, SegmentationDefinition>> = definitions;

/** Adds a segmentation network of one's own. */
export function defineSegmentationNetwork(definition: SegmentationDefinition): SegmentationDefinition {
  if (Object.hasOwn(definitions, definition.name)) {
    throw new UserError({
      given: `a second segmentation network '${definition.name}'`,
      remedy: 'give it another name or tag',
    });
  }
  definitions[definition.name] = definition;
  return definition;
}

/** Builds a segmentation network; an unknown name or output stride is a `UserError` with what there is. */
export function createSegmentationNetwork(name: string, options: SegmentationOptions): SegmentationNetwork {
  const definition = lookUp(segmentationNetworks, name, 'segmentation network');
  requireKnown(name, 'output stride', options.outputStride, definition.outputStrides);
  return definition.build(options);
}
