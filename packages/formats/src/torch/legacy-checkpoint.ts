import type { FileHandle } from 'node:fs/promises';
import { explainFileError, openFile } from '@unseen/core';
import { damagedFile, readFileBytes } from '../file-bytes.ts';
import { ByteCursor, fileSource } from '../pickle/cursor.ts';
import { unpickle } from '../pickle/unpickle.ts';
import { ELEMENTS, type ElementType } from '../tensor-values.ts';
import type { TorchCheckpoint } from './checkpoint.ts';
import { storageOf, TORCH_GLOBALS } from './globals.ts';
import { readTensor } from './tensor.ts';

/** The number with which every checkpoint of before PyTorch 1.6 starts, as a pickle writes it. */
export const LEGACY_MAGIC = Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex');

const PROTOCOL = 1001;

interface Block {
  readonly dtype: ElementType;
  readonly elements: number;
}

/**
 * Opens a checkpoint in the stream form of before PyTorch 1.6: pickles of a magic number, a protocol version, the
 * machine, what was saved and the names of the storages, and then the storages with their lengths.
 */
export async function openLegacyCheckpoint(path: string): Promise<TorchCheckpoint> {
  let file: FileHandle | undefined;
  try {
    file = await openFile(path);
    return readCheckpoint(file, path, (await file.stat()).size);
  } catch (error) {
    await file?.close();
    throw explainFileError(error, path);
  }
}

function readCheckpoint(file: FileHandle, path: string, size: number): TorchCheckpoint {
  const cursor = new ByteCursor(fileSource(file.fd, size, path));
  const plain = () => unpickle(cursor, { globals: TORCH_GLOBALS });
  plain();
  const protocol = plain();
  if (protocol !== PROTOCOL) {
    const given = typeof protocol === 'object' ? 'something other than a number' : `${protocol}`;
    throw damaged(path, `is of the protocol ${given.slice(0, 40)}, not ${PROTOCOL}`);
  }
  plain();
  const blocks = new Map<string, Block>();
  const root = unpickle(cursor, {
    globals: TORCH_GLOBALS,
    persistent: (id, context) => {
      const storage = storageOf(id, context);
      const whole = Array.isArray(id) ? Number(id[4]) : storage.elements;
      const known = blocks.get(storage.key);
      if (known && (known.dtype !== storage.dtype || known.elements !== whole)) {
        throw context.fail(`describes the storage '${storage.key}' in two ways`);
      }
      blocks.set(storage.key, { dtype: storage.dtype, elements: whole });
      return storage;
    },
  });
  const starts = locateBlocks(cursor, plain(), blocks, path);
  return {
    format: 'pytorch-legacy',
    root,
    read: (tensor) =>
      readTensor(tensor, (key, start, end) => {
        const from = starts.get(key)!;
        return readFileBytes(file, path, from + start, from + end);
      }),
    close: () => file.close(),
  };
}

function locateBlocks(
  cursor: ByteCursor,
  keys: unknown,
  blocks: ReadonlyMap<string, Block>,
  path: string,
): Map<string, number> {
  if (!Array.isArray(keys) || keys.some((key) => typeof key === 'object')) {
    throw damaged(path, 'has no list of storages');
  }
  const starts = new Map<string, number>();
  const { size, fill } = cursor.source;
  const length = Buffer.alloc(8);
  let position = cursor.position;
  for (const key of keys.map(String)) {
    const block = blocks.get(key);
    if (!block || starts.has(key))
      throw damaged(path, `lists the storage '${key.slice(0, 40)}', which nothing refers to`);
    if (position + 8 > size) throw damaged(path, `ends before the storage '${key}'`);
    fill(length, position);
    const elements = Number(length.readBigUInt64LE());
    if (elements !== block.elements) {
      throw damaged(path, `has a storage '${key}' of ${elements} elements, not ${block.elements}`);
    }
    starts.set(key, position + 8);
    position += 8 + elements * ELEMENTS[block.dtype].size;
    if (position > size) throw damaged(path, `ends within the storage '${key}'`);
  }
  for (const key of blocks.keys()) if (!starts.has(key)) throw damaged(path, `lacks the storage '${key}'`);
  return starts;
}

const damaged = (path: string, what: string) => damagedFile(path, what, 'a PyTorch checkpoint');
