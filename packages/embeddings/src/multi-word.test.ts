import { describe, expect, it } from 'vitest';
import { candidateTokens, composeVector, normalized } from './multi-word.ts';

const vectors = new Map(
  Object.entries({
    tv: [1, 0],
    'traffic-light': [0, 1],
    hotdog: [2, 2],
    xray: [3, 1],
    sky: [3, 0],
    other: [0, 4],
    'wine-glass': [5, 5],
    'wine glass': [6, 6],
  }).map(([token, values]) => [token, Float32Array.from(values)]),
);

describe('composeVector', () => {
  it.each([
    ['tv', 'exact', ['tv'], [1, 0]],
    ['wine glass', 'exact', ['wine glass'], [6, 6]],
    ['traffic light', 'hyphenated', ['traffic-light'], [0, 1]],
    ['hot dog', 'joined', ['hotdog'], [2, 2]],
    ['x-ray', 'unhyphenated', ['xray'], [3, 1]],
    ['sky-other', 'sum', ['sky', 'other'], [0.6, 0.8]],
    ['other sky', 'sum', ['other', 'sky'], [0.6, 0.8]],
  ])('%s: %s', (name, rule, tokens, values) => {
    const found = composeVector(name, vectors);
    expect(found).toEqual({ rule, tokens, vector: Float32Array.from(values) });
    expect(candidateTokens(name)).toEqual(expect.arrayContaining(tokens));
  });

  it('finds nothing where a part is unknown, and never makes a sum of one part', () => {
    expect(composeVector('sky-unknown', vectors)).toBeUndefined();
    expect(composeVector('unknown', vectors)).toBeUndefined();
    expect(composeVector('-sky', new Map([['sky-', Float32Array.of(1)]]))).toBeUndefined();
  });
});

describe('normalized', () => {
  it('gives unit length and leaves zero alone', () => {
    expect([...normalized(Float32Array.of(3, 4))]).toEqual([0.6000000000000001, 0.8]);
    expect([...normalized(Float32Array.of(0, 0))]).toEqual([0, 0]);
  });
});
