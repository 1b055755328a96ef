import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { UserError, writeJsonAtomic } from '@unseen/core';
import { type DatasetProtocol, openExperimentDataset } from '../classes.ts';
import type { ExperimentConfig } from '../config/schema.ts';
import { type EvaluatedMethod, evaluateScorers, type Resolution } from '../evaluation.ts';
import { validationImages } from '../pipeline/evaluate-stage.ts';
import type { ScorePredictor } from '../pipeline/method.ts';
import { Interrupted } from '../pipeline/run-stages.ts';
import { refinedModel } from './refined-model.ts';
import { averageViews } from './test-time.ts';
import type { TrainedRun } from './trained-run.ts';

/** Choices of {@link evaluateRun}; they suit every method that makes a `SegmentationModel`. */
export interface TestTimeOptions {
  /** Default: that of the run. */
  readonly resolution?: Resolution;
  /** Whether every scale is also seen mirrored. */
  readonly flip?: boolean;
  /** Sizes of the input relative to that of the run. Default: 1. */
  readonly scales?: readonly number[];
  /** Parameters of a dense CRF that refines scores on the photos, at their own size only. Default: none. */
  readonly crf?: string;
  /** Where the metrics go. Default: a file in the run folder that is named after the options. */
  readonly out?: string;
  readonly onImage?: (done: number, total: number, note: string) => void;
  readonly signal?: AbortSignal;
}

/** Metrics of a run under other test-time options. */
export interface RunEvaluation {
  /** Of the metrics file. */
  readonly path: string;
  readonly methods: Readonly<Record<string, EvaluatedMethod>>;
}

/**
 * Evaluates every model of a run on the validation images, extracting features anew: softmax probabilities are averaged
 * over scales and mirrored views. A single view is scored by its logits, as the run itself does. The metrics file says
 * what the options were under `protocol.testTime`.
 */
export async function evaluateRun(run: TrainedRun, options: TestTimeOptions = {}): Promise<RunEvaluation> {
  const { config, names } = run;
  const { resolution = config.evaluate.resolution, flip = false, scales = [1], crf, onImage, signal } = options;
  if (crf !== undefined && resolution !== 'original') {
    throw new UserError({
      given: `a dense CRF and predictions compared at the resolution '${resolution}'`,
      expected: "the resolution 'original': it looks at the photos",
    });
  }
  const protocol: DatasetProtocol = { ...run.protocol, dataset: await openExperimentDataset(config) };
  const { length } = protocol.dataset.val;
  const methods: Record<string, EvaluatedMethod> = {};
  for (const [index, name] of names.entries()) {
    methods[name] = await evaluateModel(run, name, {
      protocol,
      resolution,
      flip,
      scales,
      crf,
      onImage: (done, id) => {
        if (signal?.aborted) throw new Interrupted('nothing was changed');
        onImage?.(index * length + done, names.length * length, `${name} ${id}`);
      },
    });
  }
  const path = resolve(options.out ?? join(run.path, fileName(resolution, flip, scales, crf)));
  const chosen = { ...config, evaluate: { resolution } };
  const words = {
    ...run.method.protocol(chosen, protocol),
    testTime:
      inWords(flip, scales) + (crf === undefined ? '' : `, refined by a dense CRF with the parameters of ${crf}`),
  };
  const { task } = run.method;
  const warnings = run.method.warnings(config);
  await writeJsonAtomic(path, { task, methods, protocol: words, seed: config.seed, warnings });
  return { path, methods };
}

interface ModelEvaluation extends Required<Pick<TestTimeOptions, 'resolution' | 'flip' | 'scales'>> {
  readonly crf: string | undefined;
  readonly protocol: DatasetProtocol;
  readonly onImage: (done: number, id: string) => void;
}

async function evaluateModel(run: TrainedRun, name: string, options: ModelEvaluation): Promise<EvaluatedMethod> {
  const { protocol, resolution, flip, scales, crf, onImage } = options;
  const { dataset, classes, split } = protocol;
  const models: ScorePredictor[] = [];
  try {
    for (const scale of scales) models.push(await openScale(run, name, scale));
    const flips = flip ? [false, true] : [false];
    const views = models.flatMap((model) => flips.map((mirrored) => ({ model, flip: mirrored })));
    const plain = views.length === 1 ? models[0] : averageViews(views);
    const model = crf === undefined ? plain : refinedModel(plain, crf);
    const grid = resolution === 'feature' ? await gridOf(run, name) : models[0].grid;
    const score = async (index: number) => ({
      ...(await model.logits(await dataset.val[index].image())),
      channels: model.classes.length,
    });
    const evaluated = await evaluateScorers({
      images: validationImages(protocol, { resolution, grid, ...sizeOf(run.config) }),
      scorers: { [name]: score },
      classes,
      split,
      resolution,
      onImage: async ({ id }, _, index) => {
        // Work that only awaits finished promises would otherwise never let a signal in.
        await setImmediate();
        onImage(index + 1, id);
      },
    });
    return evaluated[name];
  } finally {
    for (const model of models) model.dispose();
  }
}

async function openScale(run: TrainedRun, name: string, scale: number): Promise<ScorePredictor> {
  try {
    return await run.model({ name, scale });
  } catch (error) {
    if (error instanceof UserError || scale === 1) throw error;
    throw new UserError(
      {
        given: `the network does not work at scale ${scale} of the run's images`,
        remedy: 'choose other scales',
      },
      { cause: error },
    );
  }
}

async function gridOf(run: TrainedRun, name: string): Promise<readonly [number, number]> {
  const model = await run.model({ name });
  model.dispose();
  return model.grid;
}

/** `metrics.original-flip-1-0.75.json` */
function fileName(resolution: Resolution, flip: boolean, scales: readonly number[], crf: string | undefined): string {
  const parts = [resolution, ...(flip ? ['flip'] : []), ...(scales.join() === '1' ? [] : scales)];
  return `metrics.${[...parts, ...(crf === undefined ? [] : ['crf', crf])].join('-')}.json`;
}

function inWords(flip: boolean, scales: readonly number[]): string {
  const one = scales.length === 1;
  if (one && !flip) return scales[0] === 1 ? 'one view' : `one view at scale ${scales[0]}`;
  const views = `${one ? 'scale' : 'scales'} ${scales.join(', ')}${flip ? ', each also mirrored' : ''}`;
  return `softmax probabilities averaged over ${views}`;
}

/** The size to which the networks of an experiment warp images, where they do. */
function sizeOf({ data }: ExperimentConfig): { readonly size?: readonly [number, number] } {
  return 'size' in data ? { size: data.size as [number, number] } : {};
}
