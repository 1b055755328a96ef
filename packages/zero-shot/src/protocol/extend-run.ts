import { basename, resolve } from 'node:path';
import { UserError } from '@unseen/core';
import { describeDataset } from '@unseen/data';
import { type Experiment, type LoadOptions, loadExperiment, runConfigPath } from '@unseen/experiment';
import { describeNewClasses } from './extension.ts';
import { openClassProtocol, openProtocol } from './protocol.ts';
import type { ZeroShotConfig } from './settings.ts';

/** What {@link extendedExperiment} makes an experiment of. */
export interface ExtendOptions extends LoadOptions {
  /** Names of the new classes. */
  readonly names: readonly string[];
  /** Word-vector files or a class table with the vectors of names that the run's own table lacks. */
  readonly vectors?: readonly string[];
}

/**
 * The experiment in which a trained run learns new classes from their names: its settings, with the new classes behind its
 * unseen ones. A name without a vector, one that the run knows, a control and a run of a method that cannot learn so are
 * `UserError`s.
 */
export async function extendedExperiment(
  folder: string,
  { names, vectors, methods, set = [] }: ExtendOptions,
): Promise<Experiment> {
  const path = runConfigPath(folder);
  const { config: loaded, method } = await loadExperiment(path, { methods });
  if (!method.extendable) {
    throw new UserError({
      given: `${folder} is a run of '${method.name}', which cannot be extended by new classes`,
      expected: `a run of one of: ${Object.values(methods)
        .flatMap((one) => (one.extendable ? [one.name] : []))
        .join(', ')}`,
    });
  }
  // Only zero-shot methods are extendable.
  const config = loaded as unknown as ZeroShotConfig;
  if (config.embeddings.control) {
    throw new UserError({
      given: `${folder} is a control (embeddings.control), whose unseen classes have the vectors of others`,
      expected: 'a run in which every class has its own',
    });
  }
  const { split } = await openClassProtocol(config);
  const dataset = await describeDataset(config.data.dataset);
  const known = config.extend?.classes ?? [];
  const ids = new Set(dataset.classes.map(({ id }) => id));
  const classes = [...dataset.classes, ...known.filter(({ id }) => !ids.has(id))];
  const files = vectors?.map((file) => resolve(file)) ?? config.extend?.vectors;
  const extend = {
    run: resolve(folder),
    classes: [...known, ...describeNewClasses(names, { split, classes })],
    known: known.length,
    ...(files && { vectors: files }),
  };
  const name = `${config.name}-${names.join('-').replaceAll(/[^\w.-]/g, '_')}`;
  const experiment = await loadExperiment(path, {
    methods,
    set: [`name=${JSON.stringify(name)}`, `extend=${JSON.stringify(extend)}`, ...set],
  });
  // A class without a vector is told before anything is written.
  const { vectors: all } = await openProtocol(experiment.config as unknown as ZeroShotConfig);
  if (vectors && known.length > 0) await requireSame(config, all);
  return { ...experiment, files: [basename(path)] };
}

/** What the run has learnt already keeps its vectors, whatever files are named for the new classes. */
async function requireSame(config: ZeroShotConfig, all: readonly Float32Array[]): Promise<void> {
  const { vectors, classes } = await openProtocol(config);
  const changed = vectors.findIndex((vector, c) => vector.join() !== all[c].join());
  if (changed < 0) return;
  throw new UserError({
    given: `the given files have another vector of '${classes[changed].name}' than the run has learnt`,
    expected: 'files with the same vectors of the classes that it was extended by',
    remedy: 'extend by all new classes at once, or name a class table (.arrow) with the vectors of both',
  });
}
