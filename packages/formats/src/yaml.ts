import { excerpt, readText, UserError } from '@unseen/core';
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { type Locate, validate } from './validate.ts';
import { isNestedDeeper } from './yaml-levels.ts';

/** A parsed YAML text that knows where each of its values stands. */
export interface YamlDocument {
  readonly name: string;
  readonly value: unknown;
  readonly locate: Locate;
}

/** Lists and groups within each other; the parser calls itself for each. */
const MOST_LEVELS = 100;

/** Parses YAML 1.2 text (one document); `name` stands for it in messages. Syntax errors are {@link UserError}s. */
export function parseYamlDocument(text: string, name: string): YamlDocument {
  if (isNestedDeeper(text, MOST_LEVELS)) {
    throw new UserError({ given: `${name} has values nested more than ${MOST_LEVELS} deep`, expected: 'flatter YAML' });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error) {
    const message = error.message.charAt(0).toLowerCase() + error.message.slice(1).split('\n')[0];
    throw new UserError({ given: `${place(error.pos[0])}: ${message}`, expected: 'valid YAML' }, { cause: error });
  }
  const repeated = repeatedKey(document);
  if (repeated) {
    const given = `${place(repeated.range?.[0] ?? 0)}: the key '${excerpt(String(repeated.value))}' is given twice`;
    throw new UserError({ given, expected: 'unique keys' });
  }
  return {
    name,
    value: toValue(document, name),
    locate(path, part = 'value') {
      const { offset, depth } = find(document, path, part);
      return { place: place(offset), depth };
    },
  };
}

/** {@link parseYamlDocument} of a file. */
export async function readYamlDocument(path: string): Promise<YamlDocument> {
  const text = await readText(path);
  return parseYamlDocument(text, path);
}

/**
 * Parses YAML text and checks it against a schema. Every problem is a {@link UserError} with file:line:column, what was
 * given, what was expected and the nearest valid key or value.
 */
export function parseYaml<S extends z.ZodType>(text: string, schema: S, name: string): z.output<S> {
  const document = parseYamlDocument(text, name);
  return validate(document.value, schema, document.locate);
}

/** {@link parseYaml} of a file. */
export async function readYaml<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
  const document = await readYamlDocument(path);
  return validate(document.value, schema, document.locate);
}

/** The first key that its group has already. The parser compares each key with all before it, which takes long for thousands. */
function repeatedKey(document: Document): Scalar | undefined {
  let found: Scalar | undefined;
  visit(document, {
    Map(_, { items }) {
      const met = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || met.size < met.add(key.value).size) continue;
        found = key;
        return visit.BREAK;
      }
      return undefined;
    },
  });
  return found;
}

function toValue(document: Document, name: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Too many aliases, or one that refers to nothing.
    throw new UserError({ given: `${name}: ${(error as Error).message}`, expected: 'valid YAML' }, { cause: error });
  }
}

/** Offset of the deepest existing node along a path. */
function find(document: Document, path: readonly PropertyKey[], part: 'key' | 'value') {
  let node = document.contents as Node | null;
  let offset = node?.range?.[0] ?? 0;
  for (let depth = 0; depth < path.length; depth++) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (!isCollection(node)) return { offset, depth };
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(path[depth]));
      if (!pair) return { offset, depth };
      const key = pair.key as Node;
      node = pair.value as Node | null;
      const last = depth === path.length - 1 && part === 'key';
      offset = (last ? undefined : node?.range?.[0]) ?? key.range?.[0] ?? offset;
    } else {
      const item = node.items[Number(path[depth])] as Node | undefined;
      if (!item) return { offset, depth };
      node = item;
      offset = node.range?.[0] ?? offset;
    }
  }
  return { offset, depth: path.length };
}
