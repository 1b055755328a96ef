import type { WordVectorFile } from './word-vector-file.ts';

/** A fastText model to be written. */
export interface FastTextInput {
  /** `undefined`: as before there were versions. */
  readonly version?: 11 | 12;
  readonly words: readonly (string | Uint8Array)[];
  readonly labels?: readonly string[];
  readonly minn?: number;
  readonly maxn?: number;
  readonly bucket?: number;
  /** Buckets that pruning has left, in the order of their rows. */
  readonly pruned?: readonly number[];
  readonly supervised?: boolean;
  readonly quantized?: boolean;
  readonly dimension: number;
  /** Rows of the input matrix. */
  readonly rows: readonly ArrayLike<number>[];
  /** Written instead of the number of rows there are. */
  readonly claimedRows?: number;
}

/** A fastText model, byte by byte. */
export function fastTextBytes(input: FastTextInput): Buffer {
  const { version, words, labels = [], minn = 3, maxn = 6, bucket = 0, pruned, supervised = false } = input;
  const { dimension, rows, claimedRows = rows.length, quantized = false } = input;
  const parts: Buffer[] = [];
  const signed = version !== undefined;
  if (signed) parts.push(int32(793712314, version));
  // dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate, t
  parts.push(int32(dimension, 5, 5, 1, 5, 1, 2, supervised ? 3 : 2, bucket, minn, maxn, 100), float64(1e-4));
  parts.push(int32(words.length + labels.length, words.length, labels.length), int64(1000));
  if (signed) parts.push(int64(pruned?.length ?? -1));
  for (const word of words) parts.push(Buffer.from(word), Buffer.of(0), int64(7), Buffer.of(0));
  for (const label of labels) parts.push(Buffer.from(label), Buffer.of(0), int64(7), Buffer.of(1));
  for (const [row, from] of (pruned ?? []).entries()) parts.push(int32(from, row));
  if (signed) parts.push(Buffer.of(quantized ? 1 : 0));
  if (quantized) parts.push(...quantizedMatrices(rows.length, dimension));
  else parts.push(int64(claimedRows), int64(dimension), ...rows.map(floats));
  return Buffer.concat(parts);
}

/** An input matrix with norms and an output matrix as they are, all of zeros. */
function quantizedMatrices(rows: number, dimension: number): Buffer[] {
  const quantizer = (columns: number) => [int32(columns, columns, 1, 1), Buffer.alloc(4 * 256 * columns)];
  const codes = Buffer.alloc(rows * dimension);
  const input = [Buffer.of(1), int64(rows), int64(dimension), int32(codes.length), codes, ...quantizer(dimension)];
  return [
    ...input,
    Buffer.alloc(rows),
    ...quantizer(1),
    Buffer.of(0),
    int64(1),
    int64(dimension),
    floats(new Float32Array(dimension)),
  ];
}

/** A word2vec binary file; `lineEnds`: a newline after every vector, as the original program writes it. */
export function word2VecBytes(entries: readonly (readonly [string, ArrayLike<number>])[], lineEnds = false): Buffer {
  const dimension = entries[0][1].length;
  const parts: Buffer[] = [Buffer.from(`${entries.length} ${dimension}\n`)];
  for (const [token, vector] of entries) {
    parts.push(Buffer.from(`${token} `), floats(vector), Buffer.from(lineEnds ? '\n' : ''));
  }
  return Buffer.concat(parts);
}

const int32 = (...values: number[]): Buffer => Buffer.from(Int32Array.from(values).buffer);
const int64 = (value: number): Buffer => Buffer.from(BigInt64Array.of(BigInt(value)).buffer);
const float64 = (value: number): Buffer => Buffer.from(Float64Array.of(value).buffer);
const floats = (values: ArrayLike<number>): Buffer => Buffer.from(Float32Array.from(values).buffer);

/** The tokens of a file, in order. */
export async function tokensOf(file: WordVectorFile, options?: { readonly limit?: number }): Promise<string[]> {
  const tokens: string[] = [];
  for await (const batch of file.tokens(options)) tokens.push(...batch);
  return tokens;
}
