import { UserError } from '@unseen/core';
import { ByteCursor, memorySource } from '../pickle/cursor.ts';
import { unpickle } from '../pickle/unpickle.ts';
import { ELEMENTS } from '../tensor-values.ts';
import type { ZipArchive } from '../zip.ts';
import type { TorchCheckpoint } from './checkpoint.ts';
import { storageOf, TORCH_GLOBALS } from './globals.ts';
import { readTensor } from './tensor.ts';

// What a compressed pickle may grow to besides the archive's own size.
const PICKLE_ROOM = 16 * 2 ** 20;

/** The name of the folder that a checkpoint fills in its archive; `undefined` for other archives. */
export function torchFolder({ entries }: ZipArchive): string | undefined {
  const pickle = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  return pickle?.slice(0, -'/data.pkl'.length);
}

/** Reads the checkpoint of an archive (PyTorch >= 1.6), which it then owns. TorchScript is a {@link UserError}. */
export async function readZipCheckpoint(archive: ZipArchive, folder: string): Promise<TorchCheckpoint> {
  const { path, entries } = archive;
  if (entries.has(`${folder}/constants.pkl`)) {
    throw new UserError({
      given: `${path} is a TorchScript program`,
      expected: 'saved tensors',
      remedy: 'save them in Python: torch.save(torch.jit.load(path).state_dict(), path)',
    });
  }
  await checkByteOrder(archive, folder);
  const pickle = `${folder}/data.pkl`;
  const { size, compressed } = entries.get(pickle)!;
  if (compressed && size > PICKLE_ROOM + archive.size) {
    throw new UserError({ given: `${path} has a pickle of ${size} bytes in an archive of ${archive.size}` });
  }
  const bytes = await archive.read(pickle);
  const root = unpickle(new ByteCursor(memorySource(bytes, path)), {
    globals: TORCH_GLOBALS,
    persistent: (id, context) => {
      const storage = storageOf(id, context);
      const entry = entries.get(`${folder}/data/${storage.key}`);
      const needed = (storage.first + storage.elements) * ELEMENTS[storage.dtype].size;
      if (!entry) throw context.fail(`refers to the storage '${storage.key}', which the archive lacks`);
      if (entry.size < needed) {
        throw context.fail(`promises ${needed} bytes in the storage '${storage.key}', which has ${entry.size}`);
      }
      return storage;
    },
  });
  return {
    format: 'pytorch-zip',
    root,
    read: (tensor) => readTensor(tensor, (key, start, end) => archive.read(`${folder}/data/${key}`, start, end)),
    close: () => archive.close(),
  };
}

async function checkByteOrder(archive: ZipArchive, folder: string): Promise<void> {
  const name = `${folder}/byteorder`;
  if (!archive.entries.has(name)) return;
  const order = Buffer.from(await archive.read(name, 0, Math.min(16, archive.entries.get(name)!.size))).toString();
  if (order === 'little') return;
  throw new UserError({
    given: `${archive.path} was saved on a machine with the byte order ${JSON.stringify(order)}`,
    expected: '"little"',
    remedy: 'load and save it in Python on a little-endian machine',
  });
}
