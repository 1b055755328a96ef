import type { Dataset } from '@unseen/core';

/** The YAML of a dataset; `settings` are those of its layout. Every value is written as JSON, which YAML contains. */
export function datasetYaml(
  { name, classes, ignore, splits }: Pick<Dataset, 'name' | 'classes' | 'ignore' | 'splits'>,
  settings: Readonly<Record<string, unknown>>,
): string {
  const line = (key: string, value: unknown) => `${key}: ${flow(value)}`;
  return `${[
    line('name', name),
    ...Object.entries(settings).map(([key, value]) => line(key, value)),
    line('ignore', ignore),
    'classes:',
    ...classes.map((info) => `  - ${flow(info)}`),
    ...(Object.keys(splits).length > 0 ? ['splits:'] : []),
    ...Object.entries(splits).map(([key, split]) => `  ${line(JSON.stringify(key), split)}`),
  ].join('\n')}\n`;
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${entries.map(([key, one]) => `${key}: ${flow(one)}`).join(', ')}}`;
}
