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
