import { lookUp, UserError } from '@unseen/core';
import { deepLabs } from './deeplab-variants.ts';
import type { SegmentationDefinition, SegmentationOptions } from './definition.ts';
import { requireKnown } from './registry.ts';
import type { SegmentationNetwork } from './segmentation-network.ts';

const definitions: Record<string, SegmentationDefinition> = Object.fromEntries(
  deepLabs.map((definition) => [definition.name, definition]),
);

/** All segmentation networks by name. */
export const segmentationNetworks: Readonly<Record<string, SegmentationDefinition>> = definitions;

/** Registers a custom segmentation network. */
export function defineSegmentationNetwork(definition: SegmentationDefinition): SegmentationDefinition {
  if (Object.hasOwn(definitions, definition.name)) {
    throw new UserError({
      given: `segmentation network '${definition.name}' is already registered`,
      remedy: 'choose another name or tag',
    });
  }
  definitions[definition.name] = definition;
  return definition;
}

/** Builds a segmentation network. An unknown name or output stride is a `UserError` that lists the options. */
export function createSegmentationNetwork(name: string, options: SegmentationOptions): SegmentationNetwork {
  const definition = lookUp(segmentationNetworks, name, 'segmentation network');
  requireKnown(name, 'output stride', options.outputStride, definition.outputStrides);
  return definition.build(options);
}
