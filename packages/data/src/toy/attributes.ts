import { type ClassInfo, UserError, type ZeroShotSplit } from '@unseen/core';

/** The attribute values of the toy world. A class is one colour with one texture, and is named so. */
export const TOY_ATTRIBUTES = {
  colour: ['red', 'green', 'blue', 'yellow', 'white'],
  texture: ['plain', 'striped', 'banded', 'dotted'],
} as const;

/** What an object of the toy world is. */
export interface ToyObjectKind {
  readonly colour: (typeof TOY_ATTRIBUTES.colour)[number];
  readonly texture: (typeof TOY_ATTRIBUTES.texture)[number];
}

// Every colour occurs with three textures in the seen classes and with one in the unseen ones, and every texture with
// three or four colours in the seen classes: both words of an unseen name are known, their combination is not.
const SEEN_NAMES = [
  'red plain',
  'red banded',
  'red dotted',
  'green striped',
  'green banded',
  'green dotted',
  'blue plain',
  'blue striped',
  'blue dotted',
  'yellow plain',
  'yellow striped',
  'yellow banded',
  'white plain',
  'white banded',
  'white dotted',
] as const;
const UNSEEN_NAMES = ['red striped', 'green plain', 'blue banded', 'yellow dotted', 'white striped'] as const;

/** Raw mask value of everything outside objects; ignored in training and evaluation. */
export const TOY_BACKGROUND = 0;

/** Base colours, RGB in [0, 1]. */
export const TOY_COLOURS: Readonly<Record<ToyObjectKind['colour'], readonly [number, number, number]>> = {
  red: [0.85, 0.2, 0.18],
  green: [0.22, 0.66, 0.25],
  blue: [0.2, 0.36, 0.85],
  yellow: [0.88, 0.76, 0.2],
  white: [0.85, 0.85, 0.85],
};

// In pictures of labels, texture is told by lightness.
const LIGHTNESS = { plain: 1, striped: 0.75, banded: 0.55, dotted: 0.38 };

/** The twenty classes, ids 1 … 20: fifteen seen ones, then five unseen ones. */
export const TOY_CLASSES: readonly ClassInfo[] = [...SEEN_NAMES, ...UNSEEN_NAMES].map((name, i) => {
  const { colour, texture } = toyObjectKind(name);
  const [r, g, b] = TOY_COLOURS[colour].map((v) => Math.round(255 * v * LIGHTNESS[texture]));
  return { id: i + 1, name, color: [r, g, b] };
});

/** Channel order: the seen ids, then the unseen ones. */
export const TOY_SPLIT: ZeroShotSplit = {
  seen: SEEN_NAMES.map((_, i) => i + 1),
  unseen: UNSEEN_NAMES.map((_, i) => SEEN_NAMES.length + i + 1),
};

/** Splits by name: the usual one, and one that leaves the last unseen class out, to be added to a trained run. */
export const TOY_SPLITS: Readonly<Record<'default' | 'four-unseen', ZeroShotSplit>> = {
  default: TOY_SPLIT,
  'four-unseen': { seen: TOY_SPLIT.seen, unseen: TOY_SPLIT.unseen.slice(0, -1) },
};

/** The attributes that a class name consists of; any other name is a {@link UserError}. */
export function toyObjectKind(name: string): ToyObjectKind {
  const [colour, texture, ...rest] = name.split(' ');
  if (rest.length > 0 || !isOne('colour', colour) || !isOne('texture', texture)) {
    throw new UserError({
      given: `'${name}' is not an object of the toy world`,
      expected: `a colour and a texture: ${Object.values(TOY_ATTRIBUTES)
        .map((v) => v.join(' | '))
        .join('; ')}`,
    });
  }
  return { colour, texture };
}

function isOne<A extends keyof ToyObjectKind>(attribute: A, word: string | undefined): word is ToyObjectKind[A] {
  return (TOY_ATTRIBUTES[attribute] as readonly (string | undefined)[]).includes(word);
}
