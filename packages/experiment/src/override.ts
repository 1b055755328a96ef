import { UserError } from '@unseen/core';
import { parseYamlDocument, type YamlDocument } from '@unseen/formats';

/** Reads an override `a.b=value` (the value in YAML) as a document `{a: {b: value}}` that names the option in messages. */
export function parseOverride(text: string): YamlDocument {
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
