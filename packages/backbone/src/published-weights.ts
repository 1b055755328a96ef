import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { download, lookUp, sha256, sha256File, UserError } from '@unseen/core';
import type { WeightsInfo } from './definition.ts';
import { backbones } from './registry.ts';

/** A published weights file that can be downloaded by name. */
export interface PublishedWeights extends WeightsInfo {
  /** Name of the backbone that it was published for, or the authors' own name. */
  readonly name: string;
  /** The registered backbone that can load it. */
  readonly backbone: string;
}

const CAGNET_PAGE = 'https://github.com/bcmi/CaGNet-Zero-Shot-Semantic-Segmentation';

/** Files of CaGNet's authors. */
const CAGNET_FILES = [
  'deeplabv2_resnet101_init',
  'spnet_cocostuff_init',
  'voc12_ourbest',
  'context_ourbest',
  'cocostuff_ourbest',
];

const cagnet = CAGNET_FILES.map(
  (file): PublishedWeights => ({
    name: `cagnet.${file}`,
    backbone: 'resnet101.caffe_in1k',
    source: CAGNET_PAGE,
    format: 'torch',
    unavailable: `the authors' server no longer responds; their page links a copy on BaiduNetDisk, which requires an account. Download ${file}.pth there, then import the file`,
    licence: 'for non-commercial use',
    paper: 'Gu et al., Context-aware Feature Generation for Zero-shot Semantic Segmentation, 2020',
  }),
);

/** Published weights by name: those of registered backbones under the names of the backbones, then those of authors. */
export function publishedWeights(): Readonly<Record<string, PublishedWeights>> {
  const own = Object.values(backbones).flatMap(({ name, weights }) =>
    weights ? [{ ...weights, name, backbone: name }] : [],
  );
  return Object.fromEntries([...own, ...cagnet].map((entry) => [entry.name, entry]));
}

/** Looks up published weights; an unknown name is a `UserError` that lists the known ones. */
export function findPublishedWeights(name: string): PublishedWeights {
  return lookUp(publishedWeights(), name, 'weights');
}

/** Folder of downloaded files: `$UNSEEN_CACHE`, or `~/.cache/unseen`. */
export function cacheFolder(): string {
  return process.env.UNSEEN_CACHE || join(homedir(), '.cache/unseen');
}

/** Options of {@link fetchWeights}. */
export interface FetchWeightsOptions {
  /** Another address for the same file, such as a mirror; the checksum stays the same. */
  readonly url?: string;
  /** Default: {@link cacheFolder}. */
  readonly folder?: string;
  readonly onProgress?: (bytes: number, total: number | undefined) => void | Promise<void>;
  readonly signal?: AbortSignal;
  /** Retries, and milliseconds before the first one: see `download`. */
  readonly retries?: number;
  readonly wait?: number;
}

/**
 * Downloads published weights into the cache, unless they are already there, and returns the path. Weights that cannot
 * be downloaded are a `UserError` that says what to do; an interrupted transfer is resumed by the next call.
 */
export async function fetchWeights(
  { name, source, sha256: known, unavailable }: PublishedWeights,
  { url, folder = cacheFolder(), ...options }: FetchWeightsOptions = {},
): Promise<string> {
  if (unavailable !== undefined && url === undefined) {
    throw new UserError({ given: `${name} cannot be downloaded from ${source}`, remedy: unavailable });
  }
  const address = httpAddress(url ?? source);
  const file = fileName(unavailable === undefined ? source : address.pathname, name);
  // Without a checksum, a file from another address is cached separately.
  const kept = url !== undefined && known === undefined ? `${sha256(address.href).slice(0, 8)}-${file}` : file;
  const path = join(folder, 'weights', kept);
  if (await isCached(path, known)) return path;
  await download(address.href, path, {
    ...options,
    ...(known !== undefined && { sha256: known }),
    remedy:
      `without a network: download ${source} on another machine, copy the file here and import it ` +
      `('unseen weights import FILE --backbone NAME'), or put it at ${path}`,
  });
  return path;
}

const fileName = (address: string, name: string) => basename(address) || name;

function httpAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new UserError({ given: `the address '${text}'`, expected: 'one that starts with http:// or https://' });
}

/** A file with the wrong checksum, such as an incomplete copy, is downloaded again. */
async function isCached(path: string, known: string | undefined): Promise<boolean> {
  const found = await sha256File(path).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  return found !== undefined && (known === undefined || found.startsWith(known));
}
