import { lookUp, UserError } from '@unseen/core';
import type { BackboneDefinition, BackboneOptions } from './definition.ts';
import type { Encoder } from './encoder.ts';
import { mobileNets } from './mobilenet-variants.ts';
import { resNets } from './resnet-variants.ts';
import { vggs } from './vgg-variants.ts';

const definitions: Record<string, BackboneDefinition> = Object.fromEntries(
  [...resNets, ...mobileNets, ...vggs].map((definition) => [definition.name, definition]),
);

/** All backbones by name. */
export const backbones: Readonly<Record<string, BackboneDefinition>> = definitions;

/** Registers a custom backbone. */
export function defineBackbone(definition: BackboneDefinition): BackboneDefinition {
  if (Object.hasOwn(definitions, definition.name)) {
    throw new UserError({
      given: `backbone '${definition.name}' is already registered`,
      remedy: 'choose another name or tag',
    });
  }
  definitions[definition.name] = definition;
  return definition;
}

/**
 * Builds a backbone. An unknown name, output stride, dilation rule or tap is a `UserError` that lists the options.
 *
 * @example
 * import { createBackbone } from '@unseen/backbone';
 * import { SeedTree } from '@unseen/core';
 *
 * const encoder = createBackbone('test_resnet.micro', { outputStride: 4, taps: ['stage3'], seeds: new SeedTree(0) });
 * encoder.taps; // → [{ name: 'stage3', channels: 64, stride: 4 }]
 */
export function createBackbone(name: string, options: BackboneOptions): Encoder {
  const definition = lookUp(backbones, name, 'backbone');
  const { outputStrides, dilations = ['exact'] } = definition;
  requireKnown(name, 'output stride', options.outputStride, outputStrides);
  requireKnown(name, 'dilation', options.dilation, dilations);
  requireKnown(name, 'dilation', options.multiGrid && 'uniform', dilations);
  return definition.build(options);
}

/** Throws a `UserError` if an option of a network is given and not among the known ones. */
export function requireKnown<T>(name: string, what: string, given: T | undefined, known: readonly T[]): void {
  if (given !== undefined && !known.includes(given)) {
    throw new UserError({ given: `${what} ${given} for ${name}`, expected: `one of: ${known.join(', ')}` });
  }
}
