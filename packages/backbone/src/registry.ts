import { lookUp, type SeedTree, UserError } from '@unseen/core';
import type { Normalization } from '@unseen/vision';
import type { UnitOptions } from './conv-norm.ts';
import type { DilationRule } from './dilation.ts';
import type { Encoder, EncoderOptions } from './encoder.ts';
import { mobileNets } from './mobilenet-variants.ts';
import { resNets } from './resnet-variants.ts';
import { vggs } from './vgg-variants.ts';

/** Where published weights of a backbone come from. */
export interface WeightsInfo {
  /** Address of the file; of a page about it where it is {@link unavailable}. */
  readonly source: string;
  /** How the file is read. */
  readonly format: 'keras-h5' | 'torch' | 'caffe';
  /** Of the file in hex, or its first digits, where they are known. */
  readonly sha256?: string;
  /** Why the file cannot be fetched from the source, and what to do instead. */
  readonly unavailable?: string;
  readonly licence: string;
  readonly paper: string;
}

/** What a backbone can be built with. */
export interface BackboneOptions extends EncoderOptions, Pick<UnitOptions, 'norm' | 'init'> {
  /** Default: the network's natural one. */
  readonly outputStride?: number;
  /** How strides are replaced to keep the output stride. Default: the definition's first rule. */
  readonly dilation?: DilationRule;
  /** A factor of the dilation for each block of the last stage; for networks that know the rule `uniform`. */
  readonly multiGrid?: readonly number[];
  readonly seeds: SeedTree;
}

/** An entry of the registry, named `<architecture>.<tag>` after its weights. */
export interface BackboneDefinition {
  readonly name: string;
  readonly build: (options: BackboneOptions) => Encoder;
  readonly input: Normalization;
  readonly outputStrides: readonly number[];
  /** Dilation rules that it can be built with, the default first. Default: `exact` alone. */
  readonly dilations?: readonly DilationRule[];
  readonly weights?: WeightsInfo;
}

const definitions: Record<string, BackboneDefinition> = Object.fromEntries(
  [...resNets, ...mobileNets, ...vggs].map((definition) => [definition.name, definition]),
);

/** Every backbone by its name. */
export const backbones: Readonly<Record<string, BackboneDefinition>> = definitions;

/** Adds a backbone of one's own. */
export function defineBackbone(definition: BackboneDefinition): BackboneDefinition {
  if (Object.hasOwn(definitions, definition.name)) {
    throw new UserError({ given: `a second backbone '${definition.name}'`, remedy: 'give it another name or tag' });
  }
  definitions[definition.name] = definition;
  return definition;
}

/** Builds a backbone; an unknown name, output stride, dilation rule or tap is a `UserError` with what there is. */
export function createBackbone(name: string, options: BackboneOptions): Encoder {
  const definition = lookUp(backbones, name, 'backbone');
  const { outputStrides, dilations = ['exact'] } = definition;
  requireKnown(name, 'output stride', options.outputStride, outputStrides);
  requireKnown(name, 'dilation', options.dilation, dilations);
  requireKnown(name, 'dilation', options.multiGrid && 'uniform', dilations);
  return definition.build(options);
}

/** A `UserError` unless a choice for a network, where it is made, is one of those that it has. */
export function requireKnown<T>(name: string, what: string, given: T | undefined, known: readonly T[]): void {
  if (given !== undefined && !known.includes(given)) {
    throw new UserError({ given: `${what} ${given} for ${name}`, expected: `one of: ${known.join(', ')}` });
  }
}
