import { didYouMean, type ErrorParts, excerpt, UserError } from '@unseen/core';
import { z } from 'zod';

/**
 * `name:line:column` of the value (or of its key) at a path. `depth` tells how much of the path exists: where it is
 * shorter than the path, the place is that of the nearest enclosing value.
 */
export type Locate = (path: readonly PropertyKey[], part?: 'key' | 'value') => { place: string; depth: number };

/**
 * Checks a value against a schema; problems are {@link UserError}s as of {@link parseYaml}. `locate` says where a path
 * of the value was written, so that values merged from several files can name the right one.
 */
export function validate<S extends z.ZodType>(value: unknown, schema: S, locate: Locate): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) {
    refuseLostKey(value, locate);
    return result.data;
  }
  // A mistyped key is told before the key that is missing because of it.
  const isOther = (issue: Issue) => issue.code !== 'unrecognized_keys';
  const issues = [...result.error.issues].sort((a, b) => Number(isOther(a)) - Number(isOther(b))).flatMap(oneByOne);
  const told = issues.slice(0, MOST_TOLD).flatMap((issue) => explain(issue, value, schema, locate));
  const [first, ...others] = told.slice(0, MOST_TOLD);
  const also = others.map((parts) => new UserError(parts).message);
  const more = told.length + Math.max(issues.length - MOST_TOLD, 0) - others.length - 1;
  if (more > 0) also.push(`${more} more`);
  throw new UserError(
    also.length > 0 ? { ...first, remedy: [first.remedy, ...also].filter(Boolean).join('\n') } : first,
    { cause: result.error },
  );
}

/** A record drops this key without a word, since it would be the prototype of the object. */
const LOST_KEY = '__proto__';

function refuseLostKey(root: unknown, locate: Locate): void {
  const open: { readonly value: unknown; readonly path: readonly PropertyKey[] }[] = [{ value: root, path: [] }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (Object.hasOwn(value, LOST_KEY)) {
      const { place } = locate([...path, LOST_KEY], 'key');
      throw new UserError({ given: `${place}: the key '${LOST_KEY}'`, expected: 'another key' });
    }
    for (const [key, inner] of Object.entries(value)) open.push({ value: inner, path: [...path, key] });
  }
}

type Issue = z.core.$ZodIssue;

/** Problems that a message lists; the others are counted. */
const MOST_TOLD = 10;

/** A problem of several keys as one of each. */
function oneByOne(issue: Issue): Issue[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => ({ ...issue, keys: [key] })) : [issue];
}

function explain(issue: Issue, root: unknown, schema: z.ZodType, locate: Locate): ErrorParts[] {
  const here = excerpt(issue.path.join('.'));
  if (issue.code === 'unrecognized_keys') {
    const valid = keysAt(schema, issue.path);
    return issue.keys.map((key) => {
      if (valid.includes(key)) return misplaced(issue.path, key, locate);
      return {
        given: `${locate([...issue.path, key], 'key').place}: unknown key '${excerpt(key)}'${here ? ` in '${here}'` : ''}`,
        ...(valid.length > 0 ? { expected: `one of: ${valid.join(', ')}` } : {}),
        ...didYouMean(key, valid),
      };
    });
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = nearestBranch(issue.errors);
    const simple = issue.errors.every((branch) => branch.length === 1 && branch[0].path.length === 0);
    if (!simple) {
      return nearest.flatMap((inner) =>
        explain({ ...inner, path: [...issue.path, ...inner.path] }, root, schema, locate),
      );
    }
    const expected = [...new Set(issue.errors.map(([inner]) => expectation(inner)))].join(' or ');
    return [misfit(issue.path, root, locate, expected)];
  }
  const { place, depth } = locate(issue.path);
  const missing = depth < issue.path.length && valueAt(root, issue.path) === undefined;
  if (missing) return [{ given: `${place}: '${here}' is missing`, expected: expectation(issue) }];
  if (issue.code === 'custom') return [{ given: `${place}: ${here ? `'${here}': ` : ''}${issue.message}` }];
  if (issue.code === 'invalid_key') {
    return [
      { given: `${locate(issue.path, 'key').place}: invalid key '${here}'`, expected: expectation(issue.issues[0]) },
    ];
  }
  const given = valueAt(root, issue.path);
  const options = issue.code === 'invalid_value' ? issue.values.map(String) : optionsOf(issue);
  const near = typeof given === 'string' ? didYouMean(given, options) : {};
  return [misfit(issue.path, root, locate, expectation(issue), near)];
}

/** A key that another kind of the same group has. */
function misplaced(path: readonly PropertyKey[], key: string, locate: Locate): ErrorParts {
  return {
    given: `${locate([...path, key], 'key').place}: '${key}' does not go with the other keys of '${path.join('.')}'`,
    remedy: `take '${[...path, key].join('.')}' out, or choose another kind`,
  };
}

function misfit(
  path: readonly PropertyKey[],
  root: unknown,
  locate: Locate,
  expected: string,
  near: Pick<ErrorParts, 'remedy'> = {},
): ErrorParts {
  const here = excerpt(path.join('.'));
  return {
    given: `${locate(path).place}: ${here ? `'${here}' is ` : 'the document is '}${describe(valueAt(root, path))}`,
    expected,
    ...near,
  };
}

/** The branch of a union that the value was most likely meant for: the one that fails deepest, then with least errors. */
function nearestBranch(branches: readonly Issue[][]): readonly Issue[] {
  const depthOf = ({ code, path }: Issue) => (code === 'unrecognized_keys' ? path.length + 1 : path.length);
  const depth = (branch: readonly Issue[]) =>
    branch.reduce((least, issue) => Math.min(least, depthOf(issue)), Number.POSITIVE_INFINITY);
  return [...branches].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
}

function optionsOf(issue: Issue): string[] {
  return issue.code === 'invalid_union' && 'options' in issue ? (issue.options ?? []).map(String) : [];
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'keys with values',
  record: 'keys with values',
  null: 'null',
};

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_NAMES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of: ${issue.values.join(', ')}`;
    case 'invalid_union': {
      const options = optionsOf(issue);
      if (options.length > 0) return `one of: ${options.join(', ')}`;
      return [...new Set(issue.errors.map(([inner]) => (inner ? expectation(inner) : issue.message)))].join(' or ');
    }
    case 'too_small':
      return bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    default:
      return issue.message;
  }
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'array' || origin === 'set') return `${relation} ${limit} entries`;
  if (origin === 'string') return `${relation} ${limit} characters`;
  return `${relation} ${limit}`;
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'empty';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return `a group of keys (${Object.keys(value).slice(0, 4).map(excerpt).join(', ')})`;
  return typeof value === 'string' ? `'${excerpt(value)}'` : String(value);
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** The keys that a schema allows at a path, over all branches that lead there. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  let nodes = branches(root, root);
  for (const key of path) {
    nodes = nodes.flatMap((node) => {
      const next =
        typeof key === 'number'
          ? (node.prefixItems?.[key] ?? node.items)
          : (own(node.properties, String(key)) ?? node.additionalProperties);
      return next && typeof next === 'object' ? branches(next, root) : [];
    });
  }
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
}

interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

function own(nodes: Readonly<Record<string, JsonSchema>> = {}, key: string): JsonSchema | undefined {
  return Object.hasOwn(nodes, key) ? nodes[key] : undefined;
}

function branches(node: JsonSchema, root: JsonSchema): JsonSchema[] {
  if (node.$ref !== undefined) {
    const target = node.$ref === '#' ? root : own(root.$defs, node.$ref.replace('#/$defs/', ''));
    return target ? branches(target, root) : [];
  }
  const nested = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  return nested.length > 0 ? nested.flatMap((inner) => branches(inner, root)) : [node];
}
