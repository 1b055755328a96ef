import { z } from 'zod';

const PATH = 'unseenPath';

/** A file or folder. A relative one is meant relative to the file in which it stands; it is made absolute when read. */
export function filePath() {
  return z
    .string()
    .min(1)
    .meta({ [PATH]: 'always' });
}

/** A name of a registry, or a path when it begins with `.`, `/` or `~` or ends in a file suffix such as `.yaml`. */
export function nameOrPath() {
  return z
    .string()
    .min(1)
    .meta({ [PATH]: 'suffix' });
}

const count = () => z.int().positive();

const subset = z.strictObject({
  /** Only the first images; for quick runs. */
  limit: count().optional(),
});

/** Settings that every experiment has, whatever its method. Blocks of a method's own stand beside them. */
export const baseSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'letters, digits, dots, dashes and underscores')
    .optional(),
  method: z.string(),
  profile: z.enum(['default', 'official']).default('default'),
  seed: z.int().nonnegative().default(0),
  backend: z.enum(['auto', 'onnxruntime', 'cpu']).default('auto'),
  data: z.strictObject({
    dataset: nameOrPath(),
    root: filePath().optional(),
    split: z.string().default('default'),
    /** [height, width] to which images and masks are warped. */
    size: z.tuple([count(), count()]),
    /** Side of the random crops that a trained backbone learns from; default or null: the size. */
    crop: count().nullish(),
    train: subset.prefault({}),
    val: subset.prefault({}),
    /** Whether a run may go on when a seen class has no training pixel or an unseen one no test pixel. */
    allowMissing: z.boolean().optional(),
  }),
  /** Class vectors: a registered recipe, or the path of a recipe (YAML) or of a stored table (Arrow). */
  embeddings: z.strictObject({ table: nameOrPath() }),
  backbone: z.strictObject({
    name: z.string(),
    weights: nameOrPath().optional(),
    /** Stage whose output is taken; default: the last. */
    tap: z.string().optional(),
    outputStride: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16), z.literal(32)]),
    /** Whether it learns with the networks behind it, from images instead of stored features. */
    train: z.boolean().default(false),
    /** Channels of an ASPP of DeepLab v2 behind it, which learns in either case; default or null: none. */
    aspp: count().nullish(),
    /** Whether stored features are brought to mean 0 and deviation 1 by channel. */
    standardize: z.boolean().default(true),
  }),
  features: z
    .strictObject({
      /** Scales of the image at which features are stored. */
      scales: z.array(z.number().positive()).min(1).default([1]),
      flip: z.boolean().default(false),
    })
    .prefault({}),
  evaluate: z.strictObject({ resolution: z.enum(['feature', 'warp', 'original']).default('original') }).prefault({}),
  report: z.strictObject({ panels: z.int().nonnegative().default(8) }).prefault({}),
});

/** A resolved configuration: all defaults filled in, all paths absolute. Method blocks are typed by the method itself. */
export type ExperimentConfig = Omit<z.output<typeof baseSchema>, 'name'> & { readonly name: string };

interface SchemaNode {
  readonly [PATH]?: 'always' | 'suffix';
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly prefixItems?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
}

/** Applies `resolve` to every value of `config` that `schema` declares as {@link filePath} or {@link nameOrPath}. */
export function mapPaths(
  config: unknown,
  schema: z.ZodType,
  resolve: (value: string, path: readonly (string | number)[]) => string,
): unknown {
  return walk(config, [
    z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as SchemaNode,
  ]);

  function walk(value: unknown, nodes: readonly SchemaNode[], path: readonly (string | number)[] = []): unknown {
    const all = nodes.flatMap(branches);
    if (typeof value === 'string') {
      const kind = all.find((node) => node[PATH])?.[PATH];
      return kind === 'always' || (kind === 'suffix' && looksLikePath(value)) ? resolve(value, path) : value;
    }
    if (Array.isArray(value)) {
      return value.map((item, i) =>
        walk(item, all.map((node) => node.prefixItems?.[i] ?? node.items).filter(isNode), [...path, i]),
      );
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        walk(item, all.map((node) => node.properties?.[key] ?? node.additionalProperties).filter(isNode), [
          ...path,
          key,
        ]),
      ]),
    );
  }
}

function branches(node: SchemaNode): SchemaNode[] {
  return [node, ...[...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(branches)];
}

function isNode(node: SchemaNode | boolean | undefined): node is SchemaNode {
  return typeof node === 'object';
}

function looksLikePath(value: string): boolean {
  return /^[./~$]/.test(value) || /\.[a-z]\w{1,10}$/i.test(value);
}
