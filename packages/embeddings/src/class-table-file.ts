import { messageOf, readBytes, sha256, UserError, writeFileAtomic } from '@unseen/core';
import {
  Field,
  FixedSizeList,
  Float32,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { z } from 'zod';
import { type ClassTable, type RowProvenance, TOKEN_RULES } from './class-table.ts';

const KIND = 'unseen.class-table/1';

const provenanceSchema = z.array(
  z.object({
    source: z.string(),
    file: z.string(),
    sha256: z.string(),
    tokens: z.array(z.string()),
    rule: z.enum(TOKEN_RULES),
    dimension: z.int().positive().optional(),
    limit: z.int().positive().optional(),
  }),
) satisfies z.ZodType<RowProvenance[]>;

/**
 * Writes a class table as an Arrow IPC file, atomically: columns `id`, `name`, `vector` and `provenance` (JSON), the
 * table's name in the schema metadata. Equal tables give equal bytes. Any Arrow reader can read it; a checksum before
 * the footer, which readers skip, lets {@link readClassTable} detect damage.
 */
export function writeClassTable(path: string, table: ClassTable): Promise<void> {
  const { dimension, vectors } = table;
  const length = vectors.length;
  const item = new Field('item', new Float32(), false);
  const fields = [
    new Field('id', new Int32(), false),
    new Field('name', new Utf8(), false),
    new Field('vector', new FixedSizeList(dimension, item), false),
    new Field('provenance', new Utf8(), false),
  ];
  const flat = new Float32Array(length * dimension);
  vectors.forEach((vector, i) => {
    flat.set(vector, i * dimension);
  });
  const numbers = makeData({ type: new Float32(), length: flat.length, data: flat });
  const children = [
    makeData({ type: new Int32(), length, data: Int32Array.from(table.ids) }),
    vectorFromArray([...table.names], new Utf8()).data[0],
    makeData({ type: new FixedSizeList(dimension, item), length, child: numbers }),
    vectorFromArray(
      table.provenance.map((row) => JSON.stringify(row)),
      new Utf8(),
    ).data[0],
  ];
  const metadata = new Map([
    ['kind', KIND],
    ['name', table.name],
  ]);
  const schema = new Schema(fields, metadata);
  const batch = new RecordBatch(schema, makeData({ type: new Struct(fields), length, nullCount: 0, children }));
  return writeFileAtomic(path, seal(tableToIPC(new Table(schema, [batch]), 'file')));
}

/** Reads a table written by {@link writeClassTable}. Anything else is a {@link UserError} that names the file. */
export async function readClassTable(path: string): Promise<ClassTable> {
  const bytes = await readBytes(path);
  try {
    return parse(tableFromIPC(unseal(bytes)));
  } catch (error) {
    throw new UserError(
      {
        given: `${path} is not a class table (${messageOf(error).split('\n')[0]})`,
        expected: 'an Arrow file written by the table builder',
        remedy: 'build it again',
      },
      { cause: error },
    );
  }
}

const SEAL = Buffer.from('UNSEEN\0\0');
const SEAL_BYTES = SEAL.length + 32;
// Length of the footer and the closing magic number.
const TAIL_BYTES = 4 + 6;

function seal(file: Uint8Array): Uint8Array {
  const bytes = Buffer.from(file);
  const footer = bytes.length - TAIL_BYTES - bytes.readInt32LE(bytes.length - TAIL_BYTES);
  return Buffer.concat([bytes.subarray(0, footer), SEAL, Buffer.from(sha256(bytes), 'hex'), bytes.subarray(footer)]);
}

/**
 * The file without its checksum. The Arrow library trusts every length that it reads, so it must never see damaged
 * files.
 */
function unseal(bytes: Buffer): Buffer {
  const tail = bytes.length - TAIL_BYTES;
  const footer = tail > 0 ? tail - bytes.readInt32LE(tail) : -1;
  const at = footer - SEAL_BYTES;
  if (at < 0 || footer > tail || !bytes.subarray(at, at + SEAL.length).equals(SEAL))
    throw new Error('it has no checksum');
  const file = Buffer.concat([bytes.subarray(0, at), bytes.subarray(footer)]);
  if (sha256(file) !== bytes.toString('hex', at + SEAL.length, footer)) throw new Error('its checksum is wrong');
  return file;
}

function parse(table: Table): ClassTable {
  if (table.schema.metadata.get('kind') !== KIND) throw new Error(`its kind is not ${KIND}`);
  const [ids, names, vectors, provenance] = ['id', 'name', 'vector', 'provenance'].map((name) => {
    const column = table.getChild(name);
    if (!column || column.length !== table.numRows) throw new Error(`column '${name}' is missing or incomplete`);
    return [...column] as unknown[];
  });
  const rows = vectors.map((vector) => Float32Array.from(vector as Iterable<number>));
  const dimension = rows[0]?.length ?? 0;
  if (dimension === 0 || !rows.every((row) => row.length === dimension && row.every(Number.isFinite))) {
    throw new Error('its vectors are empty or not numbers');
  }
  return {
    name: table.schema.metadata.get('name') ?? '',
    ids: z.array(z.int().nonnegative()).parse(ids),
    names: z.array(z.string()).parse(names),
    dimension,
    vectors: rows,
    provenance: provenance.map((text) => provenanceSchema.parse(JSON.parse(String(text)))),
  };
}
