import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import {
  DamagedFile,
  didYouMean,
  explainFileError,
  messageOf,
  openFile,
  parseJson,
  UserError,
  writeAtomic,
} from '@unseen/core';
import { readFileBytes } from './file-bytes.ts';
import { CHECKS_KEY, describeChecks, readChecks, type TensorChecks } from './safetensors-checks.ts';
import { ELEMENTS, type ElementType, type StoredTensor, sizeOf, type TensorValues } from './tensor-values.ts';

/** Element types of safetensors files that can be read. */
export type SafetensorsType = ElementType;

/** What the header of a safetensors file says about a tensor. */
export interface SafetensorsInfo {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  /** Byte range in the file, end exclusive. */
  readonly range: readonly [number, number];
}

/** An open safetensors file: the header is in memory, tensors are read one by one. */
export interface SafetensorsFile {
  /** In the order of the header. */
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  has(name: string): boolean;
  info(name: string): SafetensorsInfo;
  read(name: string): Promise<StoredTensor>;
  /** {@link read} for weights: any other type than F32, F16 and BF16 is an error. */
  readFloat32(name: string): Promise<{ shape: readonly number[]; values: Float32Array }>;
  close(): Promise<void>;
}

const MAX_HEADER_BYTES = 100_000_000;

/**
 * Opens a safetensors file and checks its whole header; the caller closes it. Damaged files are {@link DamagedFile}s: in
 * files of {@link writeSafetensors} every changed bit is found when a tensor is read, in others only what the format tells.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  let file: FileHandle | undefined;
  try {
    file = await openFile(path);
    const { size } = await file.stat();
    return new OpenSafetensors(file, path, await readHeader(file, path, size));
  } catch (error) {
    await file?.close();
    throw explainFileError(error, path);
  }
}

/**
 * Writes a safetensors file atomically. Tensors of wider types come first, so that all are aligned; otherwise they keep
 * their order, and equal input gives equal bytes. Checksums of all that is in the file stand in its metadata. Wrong sizes and names that occur twice are {@link UserError}s.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [name: string, tensor: StoredTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const list = [...tensors].map(([name, { shape, values }]) => ({ name, shape, values, dtype: typeOf(values) }));
  list.sort((a, b) => ELEMENTS[b.dtype].size - ELEMENTS[a.dtype].size);
  const header = new Map<string, unknown>([['__metadata__', undefined]]);
  const described = new Map<string, { dtype: string; shape: readonly number[]; bytes: Uint8Array }>();
  let offset = 0;
  for (const { name, shape, values, dtype } of list) {
    const problem =
      name === '__metadata__'
        ? 'has a reserved name'
        : header.has(name)
          ? 'is named twice'
          : sizeOf(shape) !== values.length && `has ${values.length} values for the shape [${shape}]`;
    if (problem) throw new UserError({ given: `${path}: tensor '${name}' ${problem}` });
    header.set(name, { dtype, shape, data_offsets: [offset, offset + values.byteLength] });
    offset += values.byteLength;
    described.set(name, { dtype, shape, bytes: bytesOf(values) });
  }
  header.set('__metadata__', { ...metadata, [CHECKS_KEY]: describeChecks(described, metadata) });
  // fromEntries would lose a tensor called __proto__.
  const json = `{${[...header].map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',')}}`;
  const text = Buffer.from(json);
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, ' ');
  text.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  await writeAtomic(path, async (file) => {
    await file.writeFile(Buffer.concat([length, padded]));
    for (const { values } of list) await file.writeFile(bytesOf(values));
  });
}

interface Header {
  readonly entries: ReadonlyMap<string, SafetensorsInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly checks: TensorChecks | undefined;
}

class OpenSafetensors implements SafetensorsFile {
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  private readonly file: FileHandle;
  private readonly path: string;
  private readonly entries: ReadonlyMap<string, SafetensorsInfo>;
  private readonly checks: TensorChecks | undefined;

  constructor(file: FileHandle, path: string, { entries, metadata, checks }: Header) {
    this.file = file;
    this.path = path;
    this.entries = entries;
    this.metadata = metadata;
    this.checks = checks;
    this.names = [...entries.keys()];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  info(name: string): SafetensorsInfo {
    const info = this.entries.get(name);
    if (info) return info;
    throw new UserError({
      given: `${this.path} has no tensor '${name}'`,
      ...didYouMean(name, this.names),
    });
  }

  async read(name: string): Promise<StoredTensor> {
    const { dtype, shape, range } = this.info(name);
    const bytes = await readFileBytes(this.file, this.path, ...range);
    if (this.checks && this.checks.get(name) !== crc32(bytes)) {
      throw damaged(this.path, `has a wrong checksum for tensor '${name}'`);
    }
    return { shape, values: ELEMENTS[dtype].values(bytes.buffer) };
  }

  async readFloat32(name: string): Promise<{ shape: readonly number[]; values: Float32Array }> {
    const { shape, values } = await this.read(name);
    if (values instanceof Float32Array) return { shape, values };
    const given = `${this.path}: tensor '${name}' is of type ${this.info(name).dtype}`;
    throw new UserError({ given, expected: 'F32, F16 or BF16' });
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

async function readHeader(file: FileHandle, path: string, fileSize: number): Promise<Header> {
  if (fileSize < 10) throw damaged(path, `is ${fileSize} bytes long`);
  const length = Number(Buffer.from(await readFileBytes(file, path, 0, 8)).readBigUInt64LE());
  if (length > Math.min(fileSize - 8, MAX_HEADER_BYTES)) {
    throw damaged(path, `declares a header of ${length} bytes in a file of ${fileSize}`);
  }
  const bytes = await readFileBytes(file, path, 8, 8 + length);
  let header: unknown;
  try {
    header = parseJson(bytes, 'it');
  } catch (error) {
    throw damaged(path, `has a header that cannot be read (${messageOf(error)})`, error);
  }
  if (!isRecord(header)) throw damaged(path, 'has a header that is not a JSON object');
  const twice = firstRepeated(topLevelKeys(Buffer.from(bytes).toString('utf8')));
  if (twice !== undefined) throw damaged(path, `names '${twice}' twice`);
  const metadata = Object.hasOwn(header, '__metadata__') ? header.__metadata__ : {};
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    throw damaged(path, 'has metadata that is not text');
  }
  const entries = new Map<string, SafetensorsInfo>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') entries.set(name, parseEntry(path, name, entry, 8 + length, fileSize));
  }
  checkCoverage(path, entries, 8 + length, fileSize);
  const { [CHECKS_KEY]: _, ...others } = metadata as Record<string, string>;
  return { entries, metadata: others, checks: checksOf(path, entries, metadata as Record<string, string>) };
}

function checksOf(
  path: string,
  entries: ReadonlyMap<string, SafetensorsInfo>,
  metadata: Readonly<Record<string, string>>,
): TensorChecks | undefined {
  try {
    return readChecks(entries, metadata);
  } catch (error) {
    throw damaged(path, 'has a header with a wrong checksum', error);
  }
}

function parseEntry(path: string, name: string, entry: unknown, base: number, fileSize: number): SafetensorsInfo {
  if (!isRecord(entry)) throw damaged(path, `has an entry for tensor '${name}' that is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(ELEMENTS, dtype)) {
    const given = `${path}: tensor '${name}' is of type ${JSON.stringify(dtype) ?? 'none'}`;
    throw new UserError({ given, expected: `one of: ${Object.keys(ELEMENTS).join(', ')}` });
  }
  if (!isCounts(shape)) throw damaged(path, `gives tensor '${name}' the shape ${JSON.stringify(shape) ?? 'none'}`);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1] || base + offsets[1] > fileSize) {
    throw damaged(
      path,
      `puts tensor '${name}' at ${JSON.stringify(offsets) ?? 'no place'}, outside its ${fileSize - base} data bytes`,
    );
  }
  const type = dtype as SafetensorsType;
  const bytes = sizeOf(shape) * ELEMENTS[type].size;
  if (bytes !== offsets[1] - offsets[0]) {
    throw damaged(path, `gives tensor '${name}' ${offsets[1] - offsets[0]} bytes for ${dtype} [${shape}]`);
  }
  return { dtype: type, shape, range: [base + offsets[0], base + offsets[1]] };
}

/** The format asks for data without overlaps and holes. */
function checkCoverage(path: string, entries: ReadonlyMap<string, SafetensorsInfo>, base: number, fileSize: number) {
  const sorted = [...entries].sort(([, a], [, b]) => a.range[0] - b.range[0] || a.range[1] - b.range[1]);
  let end = base;
  for (const [name, { range }] of sorted) {
    if (range[0] < end) throw damaged(path, `has tensor '${name}' overlap another`);
    if (range[0] > end) throw damaged(path, `has ${range[0] - end} bytes before tensor '${name}' that belong to none`);
    end = range[1];
  }
  if (end !== fileSize) throw damaged(path, `has ${fileSize - end} bytes after its last tensor`);
}

/** Keys of the outermost object of a valid JSON text, as often as they stand there (JSON.parse keeps the last). */
function topLevelKeys(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\]]/gs)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && token.endsWith(':')) keys.push(JSON.parse(token.slice(0, -1)) as string);
  }
  return keys;
}

function firstRepeated(names: readonly string[]): string | undefined {
  const met = new Set<string>();
  return names.find((name) => met.size === met.add(name).size);
}

function typeOf(values: TensorValues): SafetensorsType {
  if (values instanceof Float32Array) return 'F32';
  if (values instanceof Float64Array) return 'F64';
  const bits = values.BYTES_PER_ELEMENT * 8;
  return `${values.constructor.name.match(/^(Big)?U/) ? 'U' : 'I'}${bits}` as SafetensorsType;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);

function bytesOf(values: TensorValues): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function damaged(path: string, what: string, cause?: unknown): DamagedFile {
  return new DamagedFile(
    {
      given: `${path} ${what}`,
      expected: 'a safetensors file',
      remedy: 'it is damaged or truncated; download it again',
    },
    { cause },
  );
}
