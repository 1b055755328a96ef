import { type ClassInfo, type InstanceSet, type Sample, UserError, writeJsonAtomic } from '@unseen/core';
import { DetectionMetrics, type DetectionResult } from '@unseen/metrics';
import type { DatasetProtocol } from '../classes.ts';
import type { ExperimentConfig } from '../config/schema.ts';
import { modelContext } from '../models/model-context.ts';
import { filesOf } from './artifacts.ts';
import type { InstancePredictor, Predictors, Task } from './method.ts';
import { defineStage, type Needs, type Stage } from './stage.ts';

/** Options of {@link evaluateObjectsStage}. */
export interface EvaluateObjectsOptions {
  /** `instances` compares masks, `detection` boxes. */
  readonly task: Extract<Task, 'instances' | 'detection'>;
  readonly config: Pick<ExperimentConfig, 'evaluate' | 'report' | 'seed'>;
  /** What the predictors and the validation images depend on, besides the stages in {@link needs}. */
  readonly settings: unknown;
  readonly needs: Needs;
  /** Classes, and validation images with objects. */
  open(): Promise<DatasetProtocol>;
  readonly predictors: Predictors<InstancePredictor>;
  /** The protocol by subject, for the report. */
  protocol(opened: DatasetProtocol): Readonly<Record<string, string>>;
  readonly warnings?: readonly string[];
}

/** Metrics of one predictor of objects; `null` where a class has no object. */
export interface EvaluatedObjects {
  /** Mean average precision at each threshold of the intersection over union, such as `50`. */
  readonly AP: Readonly<Record<string, number | null>>;
  /** Mean best overlap of the true objects. */
  readonly ABO: number | null;
  readonly CorLoc: number | null;
  readonly perClass: readonly {
    readonly id: number;
    readonly name: string;
    readonly AP: Readonly<Record<string, number | null>>;
    readonly ABO: number | null;
    readonly CorLoc: number | null;
  }[];
}

const METRICS = 'metrics.json';

/** Finds objects in the validation images with every predictor, and writes their average precision to `metrics.json`. */
export function evaluateObjectsStage(options: EvaluateObjectsOptions): Stage<readonly string[]> {
  const { task, config, settings, needs, predictors, protocol: describe, warnings = [] } = options;
  return defineStage({
    name: 'evaluate',
    settings: { settings, evaluate: config.evaluate, report: config.report },
    needs,
    makes: filesOf(METRICS),
    run: async ({ folder, engine, progress, signal, log }) => {
      const protocol = await options.open();
      const { dataset, classes } = protocol;
      const models = modelContext({ engine, file: folder.file });
      const methods: Record<string, EvaluatedObjects> = {};
      let done = 0;
      const total = Object.keys(predictors).length * dataset.val.length;
      for (const [name, open] of Object.entries(predictors)) {
        const model = await open(models, { scale: 1 });
        const metrics = new DetectionMetrics({ classes: classes.map(({ id }) => id) });
        try {
          for (const sample of dataset.val) {
            const found = await model.detect(await sample.image());
            metrics.addInstances(found, await objectsOf(sample), { by: task === 'instances' ? 'mask' : 'box' });
            await progress.update(++done, total, `${name} ${sample.id}`);
            signal.throwIfAborted();
          }
        } finally {
          model.dispose();
        }
        methods[name] = evaluatedObjects(metrics.result(), classes);
      }
      await writeJsonAtomic(folder.file(METRICS), {
        task,
        methods,
        protocol: describe(protocol),
        seed: config.seed,
        warnings,
      });
      log({
        iteration: 0,
        metrics: Object.fromEntries(
          Object.entries(methods).map(([name, { AP }]) => [`${name}/AP50`, AP['50'] ?? null]),
        ),
      });
    },
  });
}

async function objectsOf(sample: Sample): Promise<InstanceSet> {
  if (sample.instances) return sample.instances();
  throw new UserError({
    given: `the validation image '${sample.id}' has no objects to compare with`,
    expected: 'a dataset with objects',
    remedy: 'choose a layout that names them: see docs/datasets.md',
  });
}

/** The result of {@link DetectionMetrics} by class names, with thresholds as per cent. */
export function evaluatedObjects(
  { averagePrecision, bestOverlap, corLoc }: DetectionResult,
  classes: readonly Pick<ClassInfo, 'id' | 'name'>[],
): EvaluatedObjects {
  const byThreshold = (value: (one: DetectionResult['averagePrecision'][number]) => number | null) =>
    Object.fromEntries(averagePrecision.map((one) => [String(Math.round(100 * one.threshold)), value(one)]));
  return {
    AP: byThreshold(({ mean }) => mean),
    ABO: bestOverlap.mean,
    CorLoc: corLoc.mean,
    perClass: classes.map(({ id, name }, c) => ({
      id,
      name,
      AP: byThreshold(({ perClass }) => perClass[c]),
      ABO: bestOverlap.perClass[c],
      CorLoc: corLoc.perClass[c],
    })),
  };
}
