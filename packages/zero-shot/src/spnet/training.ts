import type { RandomStream, SeedTree } from '@unseen/core';
import { type FeatureBatches, runTraining, type StageContext } from '@unseen/experiment';
import type { Losses } from '@unseen/nn';
import type { Engine, Executable, Feeds } from '@unseen/tensor';
import { labelledRows, rowCapacities } from '../generative/labelled-rows.ts';
import { trunkGroups } from '../generative/trunk-groups.ts';
import { applyGradients, groupedOptimizer, type Optimizers, optimizersOf, readScalars } from '../optimization.ts';
import { type ProjectionStepOptions, projectionInputs, projectionStep } from './projection-step.ts';
import { networkModules, type SpnetSetup, stepOptions } from './setup.ts';

/** Trains the networks of a setup on its seen classes, as the settings under `train` say; `stage` names what is left. */
export async function trainProjection(
  context: StageContext,
  stage: string,
  setup: SpnetSetup,
  seeds: SeedTree,
): Promise<void> {
  const { config, input, trunk, head } = setup;
  const { iterations, batch, optimizer: rule, logEvery, checkpointEvery } = config.train;
  const groups = [...trunkGroups(trunk, rule), { parameters: head.parameters(), weightDecay: rule.weightDecay }];
  const optimizers: Optimizers = { classify: groupedOptimizer(context.engine, rule, groups, iterations) };
  const trainer = new ProjectionTrainer(context.engine, stepOptions(setup));
  const batches = input.batches({ batch, random: seeds.child(stage).child('batches').stream() });
  const random = seeds.child(`${stage}/noise`).stream();
  try {
    await runTraining(context, stage, {
      modules: networkModules(setup),
      optimizers: optimizersOf(optimizers),
      random,
      batches,
      iterations,
      logEvery,
      checkpointEvery,
      metadata: { dimension: String(head.vectors.shape[1]) },
      step: (iteration) => trainer.step(batches, optimizers, iteration, random),
    });
  } finally {
    trainer.dispose();
  }
}

/** Runs steps, each on a graph for about as many labelled positions as its batch has where only one scale is seen. */
class ProjectionTrainer {
  private readonly engine: Engine;
  private readonly options: ProjectionStepOptions;
  private readonly executables = new Map<number | undefined, Executable>();

  constructor(engine: Engine, options: ProjectionStepOptions) {
    this.engine = engine;
    this.options = options;
  }

  /** One update of all networks; returns the losses. */
  async step(
    batch: Pick<FeatureBatches, 'features' | 'labels'>,
    optimizers: Optimizers,
    iteration: number,
    random: RandomStream,
  ): Promise<Losses> {
    const { grids, images, seen } = this.options;
    const [rows] = grids.length > 1 || images ? [undefined] : rowCapacities(batch.labels, seen);
    const executable = this.executableFor(rows);
    const result = executable.run(this.feeds(batch, rows), random);
    applyGradients(result, optimizers, iteration);
    return () => readScalars(executable, result);
  }

  dispose(): void {
    for (const executable of this.executables.values()) executable.dispose();
  }

  private executableFor(rows: number | undefined): Executable {
    const known = this.executables.get(rows);
    if (known) return known;
    const executable = this.engine.compile(projectionStep({ ...this.options, ...(rows !== undefined && { rows }) }));
    this.executables.set(rows, executable);
    return executable;
  }

  private feeds({ features, labels }: Pick<FeatureBatches, 'features' | 'labels'>, rows: number | undefined): Feeds {
    const feeds: Record<string, Float32Array | Int32Array> = {};
    for (const [scale, map] of features.entries()) feeds[projectionInputs.features(scale)] = map;
    if (rows !== undefined) {
      const kept = labelledRows(labels[0], this.options.seen, rows);
      return { ...feeds, [projectionInputs.labels(0)]: kept.labels, [projectionInputs.positions]: kept.positions };
    }
    for (const [scale, ofScale] of labels.entries()) feeds[projectionInputs.labels(scale)] = ofScale;
    return feeds;
  }
}
