import { type LabelMap, type Sample, writeJsonAtomic } from '@unseen/core';
import { resizeNearest } from '@unseen/vision';
import type { DatasetProtocol } from '../classes.ts';
import type { ExperimentConfig } from '../config/schema.ts';
import {
  type EvaluatedMethod,
  type EvaluationImage,
  evaluateScorers,
  type Resolution,
  type Scorer,
} from '../evaluation.ts';
import { modelContext } from '../models/model-context.ts';
import { filesOf } from './artifacts.ts';
import type { Predictors, ScorePredictor, Task } from './method.ts';
import { PanelChoice, PanelWriter } from './panels.ts';
import { defineStage, type Needs, type Stage, type StageContext } from './stage.ts';

/** Features of the validation images that a stage has stored. */
export interface StoredMaps {
  /** The map [h · w · channels] of validation image `index`; valid until the next call. */
  read(index: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Options of {@link evaluateStage}. */
export interface EvaluateStageOptions {
  readonly task: Extract<Task, 'semantic' | 'zero-shot'>;
  readonly config: Pick<ExperimentConfig, 'evaluate' | 'report' | 'seed'>;
  /** What the predictors and the validation images depend on, besides the stages in {@link needs}. */
  readonly settings: unknown;
  readonly needs: Needs;
  /** Classes and validation images. */
  open(): Promise<DatasetProtocol>;
  readonly predictors: Predictors<ScorePredictor>;
  /** [height, width] to which the networks warp images: where resolution `warp` compares. */
  readonly size?: readonly [number, number];
  /** Takes features that are stored already instead of extracting them anew. */
  stored?(context: StageContext): Promise<StoredMaps>;
  /** The protocol by subject, for the report. */
  protocol(opened: DatasetProtocol, context: StageContext): Promise<Readonly<Record<string, string>>>;
  /** Sentences that the report prints in red. */
  readonly warnings?: readonly string[];
}

const METRICS = 'metrics.json';

/** Segments the validation images with every predictor, and writes `metrics.json` and the pictures of the report. */
export function evaluateStage(options: EvaluateStageOptions): Stage<readonly string[]> {
  const { task, config, settings, needs, predictors, size, stored, protocol: describe, warnings = [] } = options;
  const { resolution } = config.evaluate;
  const { panels } = config.report;
  return defineStage({
    name: 'evaluate',
    settings: { settings, evaluate: config.evaluate, report: config.report },
    needs,
    makes: filesOf(METRICS),
    run: async (context) => {
      const { folder, engine } = context;
      const protocol = await options.open();
      const { val } = protocol.dataset;
      const opened = new Map<string, ScorePredictor>();
      let maps: StoredMaps | undefined;
      try {
        const models = modelContext({ engine, file: folder.file });
        for (const [name, open] of Object.entries(predictors)) opened.set(name, await open(models, { scale: 1 }));
        maps = await stored?.(context);
        const writer = new PanelWriter(folder.file, protocol);
        await writer.clear();
        const choice = new PanelChoice(panels, protocol.split);
        const [{ grid }] = opened.values();
        const methods = await evaluateScorers({
          images: validationImages(protocol, { resolution, grid, ...(size && { size }) }),
          scorers: Object.fromEntries([...opened].map(([name, model]) => [name, scorerOf(model, val, maps)])),
          classes: protocol.classes,
          split: protocol.split,
          resolution,
          onImage: async (image, predictions, index) => {
            if (choice.takes(image.truth)) await writer.write(image, predictions);
            await context.progress.update(index + 1, val.length, image.id);
            context.signal.throwIfAborted();
          },
        });
        await writer.writeLegend();
        const words = await describe(protocol, context);
        await writeJsonAtomic(folder.file(METRICS), { task, methods, protocol: words, seed: config.seed, warnings });
        context.log({ iteration: 0, metrics: summaryOf(methods) });
      } finally {
        for (const model of opened.values()) model.dispose();
        await maps?.close();
      }
    },
  });
}

/** What a predictor makes of validation images: of their stored features where there are some, else of the images. */
function scorerOf(model: ScorePredictor, val: readonly Sample[], maps: StoredMaps | undefined): Scorer {
  const channels = model.classes.length;
  const { logitsOfFeatures } = model;
  if (maps && logitsOfFeatures) {
    return async (index) => ({ ...(await logitsOfFeatures(await maps.read(index))), channels });
  }
  return async (index) => ({ ...(await model.logits(await val[index].image())), channels });
}

/** Where predictions and truth are compared. */
export interface Comparison {
  readonly resolution: Resolution;
  /** Of the predictor's logits: where `feature` compares. */
  readonly grid: readonly [number, number];
  /** To which images are warped: where `warp` compares. Default: their own size. */
  readonly size?: readonly [number, number];
}

/** The validation images with their truth, as train ids, at the size at which it is compared. */
export async function* validationImages(
  { dataset, labels }: DatasetProtocol,
  { resolution, grid, size }: Comparison,
): AsyncGenerator<EvaluationImage> {
  for (const sample of dataset.val) {
    yield { id: sample.id, truth: await truthOf(sample), image: () => sample.image() };
  }

  async function truthOf(sample: Sample): Promise<LabelMap> {
    const mask = labels.toTestChannels(await sample.mask!());
    if (resolution === 'original') return mask;
    const warped = size ? resizeNearest(mask, ...size) : mask;
    return resolution === 'feature' ? resizeNearest(warped, ...grid) : warped;
  }
}

/** Where predictions are compared, in words. */
export const RESOLUTION_WORDS = {
  feature: 'on the grid of the features',
  warp: 'at the size to which images are warped',
  original: "at each image's own size",
} as const;

function summaryOf(methods: Readonly<Record<string, EvaluatedMethod>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(methods).flatMap(([name, { seenMIoU, unseenMIoU, hIoU }]) => [
      [`${name}/seenMIoU`, seenMIoU],
      [`${name}/unseenMIoU`, unseenMIoU],
      [`${name}/hIoU`, hIoU],
    ]),
  );
}
