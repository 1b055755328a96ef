import type { RandomStream, SeedTree } from '@unseen/core';
import { TOY_ATTRIBUTES, TOY_CLASSES, toyObjectKind } from './attributes.ts';

// Words are what their neighbours are: values that shared their neighbours would get one vector. So each has its own.
const OF_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
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

// Nor is a thing the sum of its attributes alone.
const OF_CLASSES: Readonly<Record<string, readonly string[]>> = {
  'red plain': ['letterbox', 'firetruck', 'lobster'],
  'red banded': ['lighthouse', 'milksnake', 'canyon'],
  'red dotted': ['toadstool', 'strawberry', 'salami'],
  'green striped': ['watermelon', 'cucumber', 'awning'],
  'green banded': ['bamboo', 'terraces', 'asparagus'],
  'green dotted': ['cactus', 'gecko', 'holly'],
  'blue plain': ['overalls', 'glacier', 'uniforms'],
  'blue striped': ['sailor', 'mattress', 'surgeonfish'],
  'blue dotted': ['peacock', 'stingray', 'teacup'],
  'yellow plain': ['taxi', 'submarine', 'raincoat'],
  'yellow striped': ['wasp', 'angelfish', 'potatobeetle'],
  'yellow banded': ['bumblebee', 'pencil', 'hazard'],
  'white plain': ['refrigerator', 'wedding', 'igloo'],
  'white banded': ['bandage', 'mummy', 'stockings'],
  'white dotted': ['dalmatian', 'golfball', 'dandelion'],
  'red striped': ['barberpole', 'candycane', 'popcorn'],
  'green plain': ['blackboard', 'billiards', 'pea'],
  'blue banded': ['saturn', 'agate', 'jeans'],
  'yellow dotted': ['cheese', 'giraffe', 'pineapple'],
  'white striped': ['referee', 'badger', 'colonnade'],
};

/** What {@link toyCaptions} needs: the seeds, and the number of captions about each attribute value and each class. */
export interface ToyCaptionsOptions {
  readonly seeds: SeedTree;
  readonly perValue?: number;
  readonly perClass?: number;
}

/**
 * A corpus about the toy world for the training of word vectors: captions that say what else is red or striped, and
 * captions about the objects of all classes, seen and unseen, as any corpus from outside would have. A class name is one
 * token (`red-striped`). It has neighbours of its colour and of its texture, and as often some of its own: classes
 * that share an attribute get related vectors, but no vector is the sum of its attributes, as in a living language.
 */
export function toyCaptions({ seeds, perValue = 100, perClass = 150 }: ToyCaptionsOptions): string[] {
  const random = seeds.child('captions').stream();
  const about = Object.values(TOY_ATTRIBUTES)
    .flat()
    .flatMap((value) =>
      Array.from({ length: perValue }, () => captionOf(value, pick(OF_ATTRIBUTES[value], 3, random))),
    );
  const named = TOY_CLASSES.flatMap(({ name }) => {
    const { colour, texture } = toyObjectKind(name);
    return Array.from({ length: perClass }, () =>
      captionOf(
        toyToken(name),
        random.uniform() < OWN
          ? pick(OF_CLASSES[name], 2, random)
          : [...pick(OF_ATTRIBUTES[colour], 1, random), ...pick(OF_ATTRIBUTES[texture], 1, random)],
      ),
    );
  });
  const captions = [...about, ...named];
  return random.permutation(captions.length).map((i) => captions[i]);
}

// Share of a class's captions that have its own neighbours. Without them every unseen vector lies in the span of the seen
// ones, and a linear map to the vectors (SPNet) needs no synthesis.
const OWN = 0.6;

/** The token that stands for a class in the captions. */
export function toyToken(className: string): string {
  return className.replace(' ', '-');
}

function pick(words: readonly string[], count: number, random: RandomStream): string[] {
  return random
    .permutation(words.length)
    .slice(0, count)
    .map((i) => words[i]);
}

function captionOf(name: string, neighbours: readonly string[]): string {
  return [neighbours[0], name, ...neighbours.slice(1)].join(' ');
}
