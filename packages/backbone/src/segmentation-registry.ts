import { lookUp, UserError } from '@unseen/core';
import { deepLabs } from './deeplab-variants.ts';
import type { SegmentationDefinition, SegmentationOptions } from './definition.ts';
import { requireKnown } from './registry.ts';
import type { SegmentationNetwork } from './segmentation-network.ts';

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
