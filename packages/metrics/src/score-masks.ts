import { UserError } from '@unseen/core';
import { ConfusionMatrix, type PixelArray } from './confusion-matrix.ts';
import { type TransferControl, transferControl } from './control.ts';
import type { MaskPair } from './mask-files.ts';
import { type MetricOptions, type SegmentationMetrics, segmentationMetrics } from './segmentation-metrics.ts';

/** A mask as it was read: class ids. */
export interface DecodedMask {
  readonly height: number;
  readonly width: number;
  /** [height · width] */
  readonly data: Uint8Array | Uint16Array;
}

/** What {@link scoreMasks} compares. */
export interface ScoreMasksOptions extends MetricOptions {
  readonly pairs: readonly MaskPair<DecodedMask>[];
  /** Values of the true masks that are not scored, besides 65535. */
  readonly ignore?: readonly number[];
}

/** Result of {@link scoreMasks}. */
export interface MaskScores {
  readonly metrics: SegmentationMetrics & {
    /** `null` where every class is seen. */
    readonly control: TransferControl | null;
  };
  readonly matrix: ConfusionMatrix;
}

/**
 * Scores predicted masks against true ones; both hold class ids. Masks of unequal size, colour masks and true values that are
 * not a class are {@link UserError}s. Predicted values that are not a class count as errors. One pair of masks is in memory
 * at a time.
 */
export async function scoreMasks(options: ScoreMasksOptions): Promise<MaskScores> {
  const { pairs, classes, ignore = [255] } = options;
  const matrix = new ConfusionMatrix(classes.length, { ignore: [UNSCORED] });
  const channels = channelTable(classes, ignore);
  for (const { truth: truthMask, prediction: predictionMask } of pairs) {
    const truth = checked(await truthMask.read(), truthMask.label);
    const prediction = checked(await predictionMask.read(), predictionMask.label);
    if (truth.height !== prediction.height || truth.width !== prediction.width) {
      throw new UserError({
        given: `${predictionMask.label} is ${prediction.height}x${prediction.width}, but ${truthMask.label} is ${truth.height}x${truth.width} (height x width)`,
        expected: 'masks of the same size',
        remedy: 'resize the predictions by nearest neighbour to the size of the ground truth',
      });
    }
    const labels = translate(truth.data, channels);
    requireKnown(labels, truth.data, truthMask.label);
    matrix.add(labels, translate(prediction.data, channels));
  }
  const metrics = segmentationMetrics(matrix, options);
  const hasUnseen = classes.some(({ group }) => group === 'unseen');
  const control = hasUnseen ? transferControl(matrix, classes, metrics.seenMIoU) : null;
  return { metrics: { ...metrics, control }, matrix };
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

function shortened(list: readonly string[]): string {
  return list.length > 5 ? `${list.slice(0, 5).join(', ')}, …` : list.join(', ');
}
