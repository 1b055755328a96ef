import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { excerpt, RUN_NAME, UserError } from '@unseen/core';
import {
  expandDataFolder,
  type Locate,
  parseYamlDocument,
  readYamlDocument,
  validate,
  type YamlDocument,
} from '@unseen/formats';
import { z } from 'zod';
import type { Method, Methods } from '../pipeline/method.ts';
import type { ExperimentConfig } from './schema.ts';
import { mapPaths } from './schema-paths.ts';

/** How {@link loadExperiment} reads. */
export interface LoadOptions {
  /** The methods that `method:` may name. */
  readonly methods: Methods;
  /** Overrides `a.b=value`, the value in YAML; the last one wins. */
  readonly set?: readonly string[];
}

/** An experiment that is ready to run. */
export interface Experiment {
  readonly config: ExperimentConfig;
  readonly method: Method;
  /** The files it was read from, the one asked for first. */
  readonly files: readonly string[];
}

/** A piece of configuration with the folder that its relative paths are relative to. */
interface Layer {
  readonly document: YamlDocument;
  readonly dir: string;
}

/**
 * Reads an experiment: YAML with `extends: other.yaml` (relative to the file; maps are merged key by key, everything else
 * is replaced) and overrides, checked against the method's schema, with defaults filled in and paths made absolute.
 *
 * All problems are reported in one {@link UserError}: file:line:column, what was given, what was expected, the nearest name.
 */
export async function loadExperiment(path: string, { methods, set = [] }: LoadOptions): Promise<Experiment> {
  const files = await readWithBases(resolve(path));
  const layers = [
    ...files.toReversed(),
    ...set.map((text): Layer => ({ document: parseOverride(text), dir: process.cwd() })),
  ];
  const merged = layers.reduce<unknown>((below, { document }) => merge(below, document.value), {});
  const locate = locateIn(layers.map(({ document }) => document));

  const { method: name } = validate(merged, z.looseObject({ method: z.enum(Object.keys(methods)) }), locate);
  const method = methods[name];
  const checked = validate(merged, method.schema, locate);
  const config = mapPaths(checked, method.schema, (value, at) => {
    const path = value.startsWith('~/') ? join(homedir(), value.slice(2)) : expandDataFolder(value);
    return resolve(owner(layers, at).dir, path);
  }) as z.output<Method['schema']>;
  return {
    config: { ...config, name: config.name ?? defaultName(name, path) },
    method,
    files: files.map((f) => f.document.name),
  };
}

/** The file asked for and those it extends, nearest first. */
async function readWithBases(path: string, chain: readonly string[] = []): Promise<Layer[]> {
  const document = await readYamlDocument(path);
  const { extends: base } = validate(
    document.value ?? {},
    z.looseObject({ extends: z.string().optional() }),
    document.locate,
  );
  const layer = { document: withoutExtends(document), dir: dirname(path) };
  if (base === undefined) return [layer];
  const basePath = resolve(dirname(path), base);
  const visited = [...chain, path];
  const { place } = document.locate(['extends']);
  if (visited.includes(basePath)) {
    throw new UserError({
      given: `${place}: 'extends' goes in a circle: ${[...visited, basePath].map((p) => basename(p)).join(' → ')}`,
      remedy: 'let one of these files extend nothing',
    });
  }
  if (!existsSync(basePath)) {
    throw new UserError({
      given: `${place}: 'extends' names ${basePath}, which does not exist`,
      expected: 'a path relative to this file',
    });
  }
  return [layer, ...(await readWithBases(basePath, visited))];
}

function withoutExtends(document: YamlDocument): YamlDocument {
  const { extends: _, ...value } = (document.value ?? {}) as Record<string, unknown>;
  return { ...document, value };
}

function merge(below: unknown, above: unknown): unknown {
  if (!isGroup(below) || !isGroup(above)) return above;
  const merged = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(above)) {
    merged.set(key, merged.has(key) ? merge(merged.get(key), value) : value);
  }
  return Object.fromEntries(merged);
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The uppermost layer that contains a path, or that contains most of it. */
function locateIn(documents: readonly YamlDocument[]): Locate {
  return (path, part) => {
    const places = documents.toReversed().map((document) => document.locate(path, part));
    return places.reduce((best, place) => (place.depth > best.depth ? place : best));
  };
}

function owner(layers: readonly Layer[], path: readonly (string | number)[]): Layer {
  return layers.findLast(({ document }) => document.locate(path).depth === path.length) ?? layers[0];
}

/** `cagnet-toy` for experiments/cagnet/toy.yaml. */
function defaultName(method: string, path: string): string {
  const stem = basename(path, extname(path)).replaceAll(/[^\w.-]/g, '-');
  const name = stem.startsWith(method) ? stem : `${method}-${stem}`;
  if (RUN_NAME.test(name)) return name;
  throw new UserError({
    given: `${path} gives its run the name '${excerpt(name)}'`,
    expected: 'up to 200 characters',
    remedy: "set 'name'",
  });
}

/** Reads an override `a.b=value` (the value in YAML) as a document `{a: {b: value}}` that names the option in messages. */
function parseOverride(text: string): YamlDocument {
  const name = `--set ${text}`;
  const equals = text.indexOf('=');
  const keys = text.slice(0, Math.max(equals, 0)).trim().split('.');
  if (equals < 0 || keys.some((key) => key === '')) {
    throw new UserError({ given: `'${name}' sets nothing`, expected: '--set key=value or --set group.key=value' });
  }
  const inner = parseYamlDocument(text.slice(equals + 1), name).value;
  return {
    name,
    value: keys.reduceRight<unknown>((value, key) => ({ [key]: value }), inner),
    locate: (path) => ({ place: name, depth: depthOf(path, keys, inner) }),
  };
}

function depthOf(path: readonly PropertyKey[], keys: readonly string[], inner: unknown): number {
  let value: unknown = keys.reduceRight<unknown>((nested, key) => ({ [key]: nested }), inner);
  for (let depth = 0; depth < path.length; depth++) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, path[depth])) return depth;
    value = (value as Record<PropertyKey, unknown>)[path[depth]];
  }
  return path.length;
}
