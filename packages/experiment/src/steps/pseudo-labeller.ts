import { type PseudoLabelRule, pseudoLabels } from '@unseen/classifier';
import type { Engine, Executable } from '@unseen/tensor';
import { resizeNearest } from '@unseen/vision';
import type { Trunk } from '../features/trunk.ts';
import type { TrunkInput } from '../features/trunk-input.ts';
import { predictStep, type Segmenter } from '../models/segmenter.ts';
import type { LabelledBatch } from './labelled-steps.ts';

type Grid = readonly [number, number];

/** Options of {@link PseudoLabeller}. */
export interface PseudoLabellerOptions {
  /** The networks that label. */
  readonly segmenter: Pick<Segmenter, 'logits'>;
  readonly trunk: Trunk;
  /** Whether their weights stay as they are. */
  readonly frozen: boolean;
  readonly input: Pick<TrunkInput, 'images' | 'grids' | 'channels'>;
  readonly batch: number;
  readonly seen: number;
  readonly unseen: number;
  readonly rule: PseudoLabelRule;
  /** Whether the padding of crops stays unlabelled (ST-2). */
  readonly excludePadding: boolean;
}

/**
 * Extends the labels of training batches by pseudo labels of unseen classes (CaGNet, paper §3.6): the networks segment the full
 * scale without noise, unlabelled pixels are labelled on the feature grid, and other scales take their labels from there.
 */
export class PseudoLabeller {
  private readonly options: PseudoLabellerOptions;
  private readonly executable: Executable;

  constructor(engine: Engine, options: PseudoLabellerOptions) {
    const { segmenter, trunk, frozen, input, batch } = options;
    const [grid] = input.images ? [input.images.size] : input.grids;
    this.options = options;
    const program = predictStep({ segmenter, trunk, batch, grid, channels: input.channels });
    this.executable = engine.compile(program, { frozen });
  }

  /** The batch with more labels; its own arrays stay as they are. */
  async label({ inputs, labels }: LabelledBatch): Promise<LabelledBatch> {
    const { input, batch, seen, unseen, rule, excludePadding } = this.options;
    const [full] = input.grids;
    const scores = await this.executable.run({ features: inputs[0] }).read('logits');
    const [, , , logits] = this.executable.outputs.logits;
    const extended = pseudoLabels(rule, scores, labels[0], {
      logits,
      seen,
      unseen,
      imagePixels: full[0] * full[1],
      ...(excludePadding && input.images && { candidates: imagePositions(inputs[0], input.images.size, full, batch) }),
    });
    return { inputs, labels: input.grids.map((grid) => resizeBatch(extended, full, grid, batch)) };
  }

  dispose(): void {
    this.executable.dispose();
  }
}

/** Pixels that {@link PseudoLabeller} has labelled, as a share of those that had no label. */
export function labelledShare(before: Int32Array, after: Int32Array, classes: number): number {
  const unlabelled = before.reduce((count, label) => count + (label < classes ? 0 : 1), 0);
  const still = after.reduce((count, label) => count + (label < classes ? 0 : 1), 0);
  return unlabelled === 0 ? 0 : (unlabelled - still) / unlabelled;
}

/**
 * 1 where a position of the grid shows the image, 0 where it shows padding: pixels that are 0 in all channels of the
 * normalised image. One of the photo that has exactly the mean colour is taken for padding too; it is rare.
 */
function imagePositions(images: Float32Array, size: Grid, grid: Grid, batch: number): Int32Array {
  const shown = new Int32Array(batch * size[0] * size[1]);
  for (let pixel = 0; pixel < shown.length; pixel++) {
    const [r, g, b] = images.subarray(3 * pixel, 3 * pixel + 3);
    shown[pixel] = r === 0 && g === 0 && b === 0 ? 0 : 1;
  }
  return resizeBatch(shown, size, grid, batch);
}

/** Nearest neighbours of each map of a batch. */
function resizeBatch(maps: Int32Array, from: Grid, to: Grid, batch: number): Int32Array {
  const [height, width] = from;
  const resized = new Int32Array(batch * to[0] * to[1]);
  for (let i = 0; i < batch; i++) {
    const data = maps.subarray(i * height * width, (i + 1) * height * width);
    resized.set(resizeNearest({ height, width, data }, ...to).data, i * to[0] * to[1]);
  }
  return resized;
}
