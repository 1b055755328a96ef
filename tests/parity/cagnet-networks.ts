import { FeatureHeads } from '@unseen/classifier';
import { ContextualModule } from '@unseen/contextual';
import { SeedTree } from '@unseen/core';
import type { GanKind } from '@unseen/nn';
import { FeatureGenerator } from '@unseen/synthesis';
import { Cagnet, type CagnetChoices, cagnetSettings, chooseByProfile } from '@unseen/zero-shot';
import type { Fixture } from './fixture.ts';
import { contextualName, generatorName, headsName } from './state-names.ts';
import { assignWeights, type FormulaWeights } from './weight-formula.ts';

const seeds = new SeedTree(0);

/** The choices behind each quirk of CaGNet's register that concerns networks and losses. */
const QUIRKS: Readonly<Record<string, readonly (keyof CagnetChoices)[]>> = {
  'CG-1': ['trainSelector'],
  'CG-2': ['selector'],
  'CG-3': ['reluLogVariance'],
  'CG-4': ['adversarial'],
  'CG-5': ['content', 'groupBy'],
  'CG-6': ['joint'],
  'CG-11': ['deadChannel'],
};

/** The official profile's choices for the quirks that a fixture has in force, the default profile's for all others. */
export function choicesOf(fixture: Fixture): CagnetChoices {
  const settings = cagnetSettings.shape.cagnet.parse({});
  const official = chooseByProfile('official', settings);
  const inForce = (fixture.file.quirks ?? []).flatMap((quirk) => QUIRKS[quirk] ?? []);
  const chosen = Object.fromEntries(inForce.map((choice) => [choice, official[choice]]));
  // Centred features are a choice of the default profile without a number in the register.
  return { ...chooseByProfile('default', settings), centre: official.centre, ...chosen };
}

/** The loss of the authors' name; what they call lsgan takes absolute differences (CG-4). */
export function adversarialOf(fixture: Fixture, name: string): GanKind {
  return name === 'lsgan' ? choicesOf(fixture).adversarial : (name as GanKind);
}

const shapeOf = ({ entries }: FormulaWeights, pattern: RegExp) =>
  entries.filter(({ name }) => pattern.test(name)).map(({ shape }) => shape);

/** Sizes of the contextual module that a state dict holds. */
export function contextualSizes(weights: FormulaWeights) {
  const contexts = shapeOf(weights, /contextual\d+\.conv\.weight$/);
  const [[, , kernel]] = shapeOf(weights, /contextuallocalmu\.conv\.weight$/);
  return { width: contexts[0][0], channels: contexts[0][1], latentKernel: kernel as 1 | 3 };
}

/** The contextual module of a fixture, with its weights. */
export function contextualModule(fixture: Fixture, suffix = ''): ContextualModule {
  const weights = fixture.weights(suffix);
  const { selector, reluLogVariance } = choicesOf(fixture);
  const module = new ContextualModule({ ...contextualSizes(weights), selector, reluLogVariance, seeds });
  assignWeights(module, weights, contextualName);
  return module;
}

/** Sizes of the generator that a state dict holds, without dropout. */
function generatorSizes(weights: FormulaWeights) {
  const shapes = shapeOf(weights, /weight$/);
  const hidden = shapes.slice(0, -1).map(([outputs]) => outputs);
  return { inputs: shapes[0][1], hidden, features: shapes[shapes.length - 1][0], dropout: hidden.map(() => 0) };
}

/** The generator of a fixture, with its weights; `embedding` is the dimension of the class vectors. */
export function generatorOf(fixture: Fixture, embedding: number): FeatureGenerator {
  const weights = fixture.weights('Generator');
  const { inputs, ...sizes } = generatorSizes(weights);
  const generator = new FeatureGenerator({ ...sizes, embedding, latent: inputs - embedding, seeds });
  assignWeights(generator, weights, generatorName);
  return generator;
}

/** Sizes of the heads that a state dict holds, without dropout. */
function headsSizes(weights: FormulaWeights) {
  const [[hidden, features]] = shapeOf(weights, /^fc\.conv\.weight$/);
  const [[classes]] = shapeOf(weights, /^cls\.weight$/);
  return { features, hidden, classes, dropout: 0 };
}

/** The heads of a fixture, with their weights. */
export function headsOf(fixture: Fixture): FeatureHeads {
  const weights = fixture.weights('Discriminator');
  const heads = new FeatureHeads({ ...headsSizes(weights), centre: choicesOf(fixture).centre, seeds });
  assignWeights(heads, weights, headsName);
  return heads;
}

/** All networks of a step; without a contextual module in the fixture that one keeps its random weights. */
export function cagnetOf(
  fixture: Fixture,
  options: { choices: CagnetChoices; embedding: number; unseen: number; contextual?: boolean },
): Cagnet {
  const { choices, embedding, unseen, contextual = true } = options;
  const generator = generatorSizes(fixture.weights('Generator'));
  const heads = headsSizes(fixture.weights('Discriminator'));
  const channels = heads.features;
  const sizes = contextual ? contextualSizes(fixture.weights('Contextual')) : { width: 1, latentKernel: 1 };
  const { network } = cagnetSettings.shape.cagnet.parse({
    network: {
      contextual: { width: sizes.width, latentKernel: sizes.latentKernel },
      generator: { hidden: generator.hidden, dropout: generator.dropout },
      heads: { hidden: heads.hidden, dropout: heads.dropout },
    },
  });
  const seen = heads.classes - (choices.deadChannel ? 1 : 0) - unseen;
  const model = new Cagnet({ channels, embedding, seen, unseen }, network, choices, seeds);
  if (contextual) assignWeights(model.contextual, fixture.weights('Contextual'), contextualName);
  assignWeights(model.generator, fixture.weights('Generator'), generatorName);
  assignWeights(model.heads, fixture.weights('Discriminator'), headsName);
  return model;
}

/** Rows of the class vectors in channel order. */
export function classVectorsOf(fixture: Fixture): Float32Array[] {
  const { shape, values } = fixture.tensor('classVectors');
  const [classes, dimension] = shape;
  return Array.from({ length: classes }, (_, c) => Float32Array.from(values.slice(c * dimension, (c + 1) * dimension)));
}
