import { extname } from 'node:path';
import { UserError } from '@unseen/core';
import { readInto, requireSameTensors, withSafetensors } from '@unseen/nn';
import type { Normalization } from '@unseen/vision';
import type { BackboneDefinition } from './definition.ts';
import type { Encoder } from './encoder.ts';

/** Metadata of a weights file. */
export interface StoredWeightsInfo {
  /** Name in the registry. */
  readonly backbone: string;
  /** Origin of the weights: a URL, or how they were trained. */
  readonly source: string;
  /** SHA-256 of the file that they were converted from. */
  readonly sha256?: string;
  readonly licence: string;
  readonly paper?: string;
  readonly input: Normalization;
  /** After a partial import: tensors that the file did not have, with random values. */
  readonly random?: readonly string[];
}

const KEY = 'unseen.backbone';

/**
 * Writes an encoder's weights on the host (see `Engine.pull`) as safetensors that record their provenance and input
 * format.
 */
export async function saveBackbone(path: string, encoder: Encoder, info: StoredWeightsInfo): Promise<void> {
  const { writeSafetensors } = await import('@unseen/formats');
  await writeSafetensors(path, encoder.namedParameters(), { [KEY]: JSON.stringify(info) });
}

/**
 * Loads weights written by {@link saveBackbone}. Strict: weights of another backbone and tensors that are missing,
 * unexpected or of another shape are a `UserError`, and nothing is changed.
 */
export function loadBackbone(path: string, encoder: Encoder, backbone: string): Promise<StoredWeightsInfo> {
  return withSafetensors(path, async (file) => {
    const info = parseInfo(path, file.metadata[KEY]);
    if (info.backbone !== backbone) {
      throw new UserError({ given: `${path} contains weights of ${info.backbone}`, expected: backbone });
    }
    const parameters = encoder.namedParameters();
    const given = new Map(file.names.map((name) => [name, file.info(name).shape]));
    requireSameTensors(path, given, new Map([...parameters].map(([name, { shape }]) => [name, shape])));
    await readInto(file, parameters, { source: path });
    return info;
  });
}

/** Extensions of published files, which our safetensors never have. */
const PUBLISHED = /\.(?:pth|pt|th|tar|npz|npy|pkl|h5|hdf5|caffemodel)$/i;

/**
 * Loads the weights of a registered backbone from a file written by {@link saveBackbone}, or from a published file if
 * the definition can read it directly. Any other published file is a `UserError` that says how to import it.
 */
export async function loadBackboneFile(
  path: string,
  encoder: Encoder,
  { name, foreignLoaders = {} }: Pick<BackboneDefinition, 'name' | 'foreignLoaders'>,
): Promise<void> {
  const extension = extname(path).toLowerCase();
  if (Object.hasOwn(foreignLoaders, extension)) return foreignLoaders[extension](encoder, path);
  if (PUBLISHED.test(path)) {
    throw new UserError({
      given: `${path} as weights of ${name}`,
      expected: 'safetensors written by this toolkit',
      remedy: `import the file first: unseen weights import ${path} --backbone ${name}`,
    });
  }
  await loadBackbone(path, encoder, name);
}

function parseInfo(path: string, text: string | undefined): StoredWeightsInfo {
  try {
    const info = JSON.parse(text ?? 'null') as StoredWeightsInfo | null;
    if (typeof info?.backbone === 'string' && typeof info.input?.channelOrder === 'string') return info;
  } catch {}
  throw new UserError({
    given: `${path} does not say which backbone it belongs to`,
    expected: 'weights in the format of this toolkit',
    remedy: 'import other weights first: unseen weights import FILE --backbone NAME',
  });
}
