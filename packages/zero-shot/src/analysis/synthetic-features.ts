import { hashJson, IGNORE, type RgbImage, sha256, sha256File, UserError } from '@unseen/core';
import { writeFeatureStore } from '@unseen/data';
import { loadKnownVectors } from '../protocol/class-vectors.ts';
import { vectorsOfNames } from '../protocol/extension.ts';
import type { ContextualRun } from './contextual-run.ts';
import { FeatureSynthesizer, latentCodes } from './feature-synthesizer.ts';

/** A class to synthesise features of. */
export interface NamedVector {
  readonly name: string;
  /** Raw id, where the run's dataset has the class. */
  readonly id?: number;
  readonly vector: Float32Array;
}

/**
 * Vectors of classes by name: of the run's own classes, else as `vectorsOfNames` finds them: in the run's class table, in
 * `files`, or in the files that the table was built from. An unknown name is a `UserError`.
 */
export async function namedVectors(
  { run, config, vectors }: ContextualRun,
  names: readonly string[],
  files?: readonly string[],
): Promise<NamedVector[]> {
  const { classes } = run.protocol;
  const known = names.flatMap((name): NamedVector[] => {
    const channel = classes.findIndex((one) => one.name === name);
    return channel < 0 ? [] : [{ name, id: classes[channel].id, vector: vectors[channel] }];
  });
  const others = names.filter((name) => !known.some((one) => one.name === name));
  if (others.length === 0) return known;
  const found = await vectorsOfNames(others, await loadKnownVectors(config.embeddings), files);
  const rest = others.map((name, i) => ({ name, vector: found[i] }));
  return names.map((name) => [...known, ...rest].find((one) => one.name === name)!);
}

/** What {@link writeSyntheticFeatures} makes. */
export interface SyntheticFeatureOptions {
  readonly classes: readonly NamedVector[];
  /** Context of the features. Without it they are made in no context, from z ~ N(0, I). */
  readonly image?: { readonly id: string; readonly image: RgbImage };
  /**
   * With an image: maps to draw from z ~ N(μ, σ²), instead of one with z = μ. Without: features of each class, 1000 by
   * default.
   */
  readonly count?: number;
  /** Default: 0. */
  readonly seed?: number;
}

/** What a file of synthetic features holds. */
export interface SyntheticFeatures {
  /** Maps of each class. */
  readonly maps: number;
  /** Of a map; 1 × count without an image. */
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

const DEFAULT_COUNT = 1000;

/**
 * Synthesises features of classes by their vectors and writes them as a feature store (Arrow; `FeatureStore` reads it and
 * refuses damage, any Arrow reader reads it). One record batch per class and draw, one row per position: `feature`, a
 * list of `channels` floats, and `label`, the raw class id (255 or 65535 for a class that the dataset has not). The
 * batch's metadata give `id` (image or `noise`, with the number of the draw), `view` (name of the class), `height` and
 * `width`; the schema's metadata, under `store`, where all came from: `weights` is the SHA-256 of the run's checkpoint,
 * `config` that of the settings, vectors, image and seed.
 */
export async function writeSyntheticFeatures(
  run: ContextualRun,
  path: string,
  { classes, image, count, seed = 0 }: SyntheticFeatureOptions,
): Promise<SyntheticFeatures> {
  checkClasses(run, classes);
  const synthesizer = new FeatureSynthesizer(run);
  const { channels } = synthesizer;
  const random = run.seeds.child('synthesize').child(seed).stream();
  try {
    const context = image && (await synthesizer.contextOf(image.image));
    const { height, width } = context ?? { height: 1, width: count ?? DEFAULT_COUNT };
    const maps = context ? (count ?? 1) : 1;
    const wide = classes.some(({ id = 0 }) => id >= IGNORE);
    const labelsOf = ({ id }: NamedVector) =>
      (wide ? new Uint16Array(height * width) : new Uint8Array(height * width)).fill(id ?? (wide ? 0xffff : IGNORE));
    const config = hashJson({
      settings: run.config,
      vectors: classes.map(({ vector }) => sha256(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength))),
      image: image ? sha256(image.image.data) : null,
      count: count ?? null,
      seed,
    });
    const options = {
      provenance: { ...(await originOf(run)), config, views: classes.map(({ name }) => name) },
      channels,
      labelBits: wide ? (16 as const) : (8 as const),
    };
    await writeFeatureStore(path, options, async (writer) => {
      for (let draw = 0; draw < maps; draw++) {
        const codes = context && latentCodes(context, count === undefined ? undefined : random);
        for (const one of classes) {
          const features = codes
            ? await synthesizer.synthesize(one.vector, codes)
            : await synthesizer.fromNoise(one.vector, width, random);
          const id = `${image?.id ?? 'noise'}#${draw}`;
          await writer.append({ id, view: one.name, height, width, features, labels: labelsOf(one) });
        }
      }
    });
    return { maps, height, width, channels };
  } finally {
    synthesizer.dispose();
  }
}

function checkClasses({ words }: ContextualRun, classes: readonly NamedVector[]): void {
  const names = classes.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw new UserError({ given: `class '${repeated}' is named twice` });
  for (const { name, vector } of classes) {
    if (vector.length === words.dimension) continue;
    throw new UserError({
      given: `the vector of '${name}' has ${vector.length} numbers`,
      expected: `${words.dimension}, as those that the run was trained with`,
    });
  }
}

async function originOf({ config, weights, backbone }: ContextualRun) {
  return {
    backbone: `${backbone.definition.name}, generator of ${config.method}`,
    weights: await sha256File(weights),
    dataset: config.data.dataset,
    subset: 'synthetic',
    normalization: backbone.definition.input,
  };
}
