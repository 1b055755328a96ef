import { readWordVectors, streamWordVectors } from './text.ts';
import type { WordVectorFile } from './word-vector-file.ts';

/** Opens a file of word vectors; its format is told by its content, not by its name. */
export async function openWordVectors(path: string): Promise<WordVectorFile> {
  const { dimension } = await readWordVectors(path, [], { limit: 1 });
  return {
    path,
    format: 'text',
    dimension,
    count: undefined,
    subwords: false,
    async lookUp(tokens, { limit } = {}) {
      const { vectors } = await readWordVectors(path, tokens, { limit });
      return new Map([...vectors].map(([token, vector]) => [token, { vector, fromSubwords: false }]));
    },
    async *tokens({ limit } = {}) {
      for await (const { token } of streamWordVectors(path, { limit })) yield [token];
    },
  };
}
