import { basename, extname } from 'node:path';
import { UserError } from '@unseen/core';
import { ConfusionMatrix, type PixelArray } from './confusion-matrix.ts';
import { type MetricOptions, type SegmentationMetrics, segmentationMetrics } from './segmentation-metrics.ts';

/** A mask file as it was read: raw class ids. */
export interface DecodedMask {
  readonly height: number;
  readonly width: number;
  /** [height · width] */
  readonly data: Uint8Array | Uint16Array;
}

/** What {@link scoreFolders} compares. */
export interface ScoreFoldersOptions extends MetricOptions {
  /** Paths of the predicted masks. */
  readonly predictions: readonly string[];
  /** Paths of the true masks. */
  readonly groundTruth: readonly string[];
  readonly decode: (path: string) => Promise<DecodedMask>;
  /** Raw values of the true masks that are not scored. */
  readonly ignore?: readonly number[];
  /** Stems to score, such as a subset of a dataset; without it, everything there is. */
  readonly stems?: readonly string[];
}

/** Result of {@link scoreFolders}. */
export interface FolderScores {
  readonly metrics: SegmentationMetrics;
  readonly matrix: ConfusionMatrix;
  readonly images: number;
  /** Files of either side that no stem asked for; only with `stems`. */
  readonly unused: number;
}

/**
 * Scores the masks of any tool against ground truth. Files are paired by their name without extension; both sides hold
 * raw class ids. A file without its partner, masks of unequal size, colour masks and true values that are not a class are
 * {@link UserError}s. Predicted values that are not a class count as errors. One pair of masks is in memory at a time.
 */
export async function scoreFolders(options: ScoreFoldersOptions): Promise<FolderScores> {
  const { decode, classes, ignore = [255], stems } = options;
  const predictions = byStem(options.predictions);
  const truths = byStem(options.groundTruth);
  const wanted = [...new Set(stems ?? [...truths.keys(), ...predictions.keys()])].sort();
  requireAll(wanted, truths, 'ground-truth mask', options.groundTruth);
  requireAll(wanted, predictions, 'predicted mask', options.predictions);
  if (wanted.length === 0) {
    throw new UserError({ given: 'no mask to score', expected: 'at least one pair of masks' });
  }

  const matrix = new ConfusionMatrix(classes.length, { ignore: [UNSCORED] });
  const channels = channelTable(classes, ignore);
  for (const stem of wanted) {
    const truthPath = truths.get(stem) as string;
    const predictionPath = predictions.get(stem) as string;
    const truth = checked(await decode(truthPath), truthPath);
    const prediction = checked(await decode(predictionPath), predictionPath);
    if (truth.height !== prediction.height || truth.width !== prediction.width) {
      throw new UserError({
        given: `${predictionPath} is ${prediction.height}x${prediction.width}, but ${truthPath} is ${truth.height}x${truth.width} (height x width)`,
        expected: 'masks of the same size',
        remedy: 'resize the predictions by nearest neighbour to the size of the ground truth',
      });
    }
    const labels = translate(truth.data, channels);
    requireKnown(labels, truth.data, truthPath);
    matrix.add(labels, translate(prediction.data, channels));
  }
  return {
    metrics: segmentationMetrics(matrix, options),
    matrix,
    images: wanted.length,
    unused: predictions.size + truths.size - 2 * wanted.length,
  };
}

const UNSCORED = 65535;
const UNKNOWN = 65534;

/** Raw mask value → channel, {@link UNSCORED} or {@link UNKNOWN}. */
function channelTable(classes: MetricOptions['classes'], ignore: readonly number[]): Uint16Array {
  const table = new Uint16Array(65536).fill(UNKNOWN);
  table[UNSCORED] = UNSCORED;
  for (const value of ignore) table[value] = UNSCORED;
  for (const [channel, { id, name }] of classes.entries()) {
    if (!Number.isInteger(id) || id < 0 || id >= UNKNOWN || table[id] !== UNKNOWN) {
      const clash = ignore.includes(id) ? 'is an ignored value' : 'is used twice or no mask value';
      throw new UserError({ given: `the id ${id} of class '${name}' ${clash}`, expected: 'one id per class' });
    }
    table[id] = channel;
  }
  return table;
}

function translate(data: PixelArray, table: Uint16Array): Uint16Array {
  const out = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = table[data[i]];
  return out;
}

function requireKnown(labels: Uint16Array, raw: PixelArray, path: string): void {
  if (!labels.includes(UNKNOWN)) return;
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === UNKNOWN) counts.set(raw[i], (counts.get(raw[i]) ?? 0) + 1);
  }
  const list = [...counts].sort(([, a], [, b]) => b - a).map(([value, n]) => `${value} (${n} pixels)`);
  throw new UserError({
    given: `${path} has values that no class has: ${shortened(list)}`,
    expected: 'class ids or ignored values',
    remedy: 'check the class table, or ignore these values',
  });
}

function checked(mask: DecodedMask, path: string): DecodedMask {
  const pixels = mask.height * mask.width;
  if (mask.data.length === pixels) return mask;
  throw new UserError(
    mask.data.length % pixels === 0
      ? {
          given: `${path} is a colour image of ${mask.data.length / pixels} channels`,
          expected: 'an index mask with one class id per pixel',
          remedy: 'convert the colours to class ids first',
        }
      : { given: `${path} has ${mask.data.length} values for ${mask.width}x${mask.height} pixels` },
  );
}

function byStem(paths: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of paths) {
    const stem = basename(path, extname(path));
    const other = found.get(stem);
    if (other !== undefined) {
      throw new UserError({ given: `${other} and ${path} have the same name`, expected: 'one mask per image' });
    }
    found.set(stem, path);
  }
  return found;
}

function requireAll(
  wanted: readonly string[],
  files: ReadonlyMap<string, string>,
  kind: string,
  paths: readonly string[],
): void {
  const missing = wanted.filter((stem) => !files.has(stem));
  if (missing.length === 0) return;
  throw new UserError({
    given: `${missing.length} of ${wanted.length} images have no ${kind}: ${shortened(missing)}`,
    expected: `a file of the same name on both sides${paths[0] ? ` (there is ${basename(paths[0])})` : ''}`,
    remedy: 'add the missing files, remove their partners, or choose the subset they belong to',
  });
}

function shortened(list: readonly string[]): string {
  return list.length > 5 ? `${list.slice(0, 5).join(', ')}, …` : list.join(', ');
}
