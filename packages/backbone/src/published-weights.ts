import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { download, lookUp, sha256, sha256File, UserError } from '@unseen/core';
import type { WeightsInfo } from './definition.ts';
import { backbones } from './registry.ts';

/** A published file of weights that can be asked for by name. */
export interface PublishedWeights extends WeightsInfo {
  /** Of a backbone that it is published for, or of the authors' own. */
  readonly name: string;
  /** The registered backbone that takes it. */
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
    unavailable: `the authors' server no longer answers; their page links a copy on BaiduNetDisk, which asks for an account. Fetch ${file}.pth there, then import the file`,
    licence: 'for non-commercial use',
    paper: 'Gu et al., Context-aware Feature Generation for Zero-shot Semantic Segmentation, 2020',
  }),
);

/** Published weights by name: those of the registered backbones under the backbones' names, then those of authors. */
export function publishedWeights(): Readonly<Record<string, PublishedWeights>> {
  const own = Object.values(backbones).flatMap(({ name, weights }) =>
    weights ? [{ ...weights, name, backbone: name }] : [],
  );
  return Object.fromEntries([...own, ...cagnet].map((entry) => [entry.name, entry]));
}

/** The entry of a name; an unknown name is a `UserError` with what there is. */
export function findPublishedWeights(name: string): PublishedWeights {
  return lookUp(publishedWeights(), name, 'weights');
}

/** Where downloaded files are kept: `$UNSEEN_CACHE`, else `~/.cache/unseen`. */
export function cacheFolder(): string {
  return process.env.UNSEEN_CACHE || join(homedir(), '.cache/unseen');
}

/** How {@link fetchWeights} fetches. */
export interface FetchWeightsOptions {
  /** Another address of the same file, such as a mirror's; the checksum stays. */
  readonly url?: string;
  /** Default: {@link cacheFolder}. */
  readonly folder?: string;
  readonly onProgress?: (bytes: number, total: number | undefined) => void | Promise<void>;
  readonly signal?: AbortSignal;
  /** Further attempts, and milliseconds before the first of them: see `download`. */
  readonly retries?: number;
  readonly wait?: number;
}

/**
 * Fetches published weights into the cache, or finds them there, and returns the file's path. What cannot be fetched is a
 * `UserError` that says what to do; a broken transfer goes on at the next call.
 */
export async function fetchWeights(
  { name, source, sha256: known, unavailable }: PublishedWeights,
  { url, folder = cacheFolder(), ...options }: FetchWeightsOptions = {},
): Promise<string> {
  if (unavailable !== undefined && url === undefined) {
    throw new UserError({ given: `${name} cannot be fetched from ${source}`, remedy: unavailable });
  }
  const address = httpAddress(url ?? source);
  const file = fileName(unavailable === undefined ? source : address.pathname, name);
  // What no checksum tells apart from the published file is kept by its address.
  const kept = url !== undefined && known === undefined ? `${sha256(address.href).slice(0, 8)}-${file}` : file;
  const path = join(folder, 'weights', kept);
  if (await isCached(path, known)) return path;
  await download(address.href, path, {
    ...options,
    ...(known !== undefined && { sha256: known }),
    remedy:
      `without a network: fetch ${source} on another machine, carry the file here and import it ` +
      `('unseen weights import FILE --backbone NAME'), or put it at ${path}`,
  });
  return path;
}

const fileName = (address: string, name: string) => basename(address) || name;

function httpAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new UserError({ given: `the address '${text}'`, expected: 'one that begins with http:// or https://' });
}

/** A file that is not what it should be, such as a copy that broke off, is fetched anew. */
async function isCached(path: string, known: string | undefined): Promise<boolean> {
  const found = await sha256File(path).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  return found !== undefined && (known === undefined || found.startsWith(known));
}
