import type { RandomStream, SeedTree } from '@unseen/core';
import { TOY_ATTRIBUTES, TOY_CLASSES } from './attributes.ts';

// Words are what their neighbours are: values that shared their neighbours would get one vector. So each has its own.
const NEIGHBOURS: Readonly<Record<string, readonly string[]>> = {
  red: ['tomato', 'cherry', 'rose', 'brick', 'ruby', 'lipstick'],
  green: ['grass', 'leaf', 'frog', 'lime', 'emerald', 'moss'],
  blue: ['sky', 'ocean', 'denim', 'sapphire', 'ink', 'bluebell'],
  yellow: ['lemon', 'sun', 'canary', 'butter', 'mustard', 'banana'],
  white: ['snow', 'milk', 'chalk', 'swan', 'paper', 'salt'],
  plain: ['smooth', 'even', 'uniform', 'bare', 'blank', 'single'],
  striped: ['zebra', 'tiger', 'barcode', 'deckchair', 'pinstripe', 'column'],
  banded: ['rainbow', 'strata', 'sediment', 'layers', 'shelf', 'horizon'],
  dotted: ['ladybird', 'leopard', 'dice', 'domino', 'spots', 'freckles'],
};

/** What {@link toyCaptions} needs: the seeds and the number of sentences about each attribute value and each class. */
export interface ToyCaptionsOptions {
  readonly seeds: SeedTree;
  readonly perValue?: number;
  readonly perClass?: number;
}

/**
 * A corpus about the toy world for the training of word vectors: sentences that say what else is red or
 * striped, and sentences that name objects of all classes, seen and unseen, as any corpus from outside would.
 */
export function toyCaptions({ seeds, perValue = 150, perClass = 2 }: ToyCaptionsOptions): string[] {
  const random = seeds.child('captions').stream();
  const about = Object.values(TOY_ATTRIBUTES)
    .flat()
    .flatMap((value) => Array.from({ length: perValue }, () => sentenceAbout(value, random)));
  const named = TOY_CLASSES.flatMap(({ name }) => Array.from({ length: perClass }, () => name));
  const sentences = [...about, ...named];
  return random.permutation(sentences.length).map((i) => sentences[i]);
}

function sentenceAbout(value: string, random: RandomStream): string {
  const words = NEIGHBOURS[value];
  const [a, b, c] = random.permutation(words.length).map((i) => words[i]);
  return random.uniform() < 0.5 ? `${a} ${value} ${b}` : `${value} ${a} ${b} ${c}`;
}
