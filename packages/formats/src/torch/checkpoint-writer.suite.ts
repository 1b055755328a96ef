import { counts, integer, pickleBytes, text, uint64 } from '../pickle/bytes.suite.ts';
import { zipBytes } from '../zip-writer.suite.ts';

/** A view of a storage, as a checkpoint describes it. */
export interface WrittenTensor {
  readonly storage: string;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A storage with its numbers; what it claims can be falsified. */
export interface WrittenStorage {
  /** `FloatStorage` and the like. */
  readonly type: string;
  readonly content: Uint8Array;
  readonly elements: number;
}

/** What is saved. */
export interface WrittenCheckpoint {
  readonly storages: Readonly<Record<string, WrittenStorage>>;
  readonly tensors: Readonly<Record<string, WrittenTensor>>;
}

/** The pickle of a dictionary of tensors. */
export function dictionaryPickle({ storages, tensors }: WrittenCheckpoint, legacy: boolean): Buffer {
  const entries = Object.entries(tensors).map(([name, { storage, offset = 0, shape, strides }]) => {
    const { type, elements } = storages[storage];
    const id = [text('storage'), `ctorch\n${type}\n`, text(storage), text('cpu'), integer(elements), legacy ? 'N' : ''];
    const view = ['(', '(', ...id, 'tQ', integer(offset), counts(shape), counts(strides)];
    return pickleBytes(
      text(name),
      'ctorch._utils\n_rebuild_tensor_v2\n',
      ...view,
      '\x89ccollections\nOrderedDict\n)RtR',
    );
  });
  return pickleBytes('\x80\x02}(', ...entries, 'u.');
}

/** A checkpoint in the zip form. */
export function zipCheckpoint(checkpoint: WrittenCheckpoint, pickle = dictionaryPickle(checkpoint, false)): Buffer {
  return zipBytes([
    { name: 'archive/data.pkl', content: pickle, padding: 30 },
    ...Object.entries(checkpoint.storages).map(([key, { content }]) => ({ name: `archive/data/${key}`, content })),
    { name: 'archive/version', content: Buffer.from('3\n') },
  ]);
}

/** A checkpoint in the stream form. */
export function legacyCheckpoint(checkpoint: WrittenCheckpoint, pickle = dictionaryPickle(checkpoint, true)): Buffer {
  const keys = Object.keys(checkpoint.storages).sort();
  return Buffer.concat([
    Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex'),
    pickleBytes('\x80\x02M\xe9\x03.', '\x80\x02}', text('little_endian'), '\x88s.'),
    pickle,
    pickleBytes('\x80\x02](', ...keys.map(text), 'e.'),
    ...keys.flatMap((key) => {
      const { elements, content } = checkpoint.storages[key];
      return [uint64(BigInt(elements)), Buffer.from(content)];
    }),
  ]);
}
