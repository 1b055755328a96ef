import { DamagedFile, UserError } from '@unseen/core';
import type { SafetensorsFile } from '@unseen/formats';
import type { Parameter, Shape } from '@unseen/tensor';
import type { Module } from '../module.ts';

/** Opens a safetensors file for the time of `use`. */
export async function withSafetensors<T>(path: string, use: (file: SafetensorsFile) => Promise<T>): Promise<T> {
  const { openSafetensors } = await import('@unseen/formats');
  const file = await openSafetensors(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Parameters of several modules as `<module>.<field path>`. */
export function nameParameters(modules: Readonly<Record<string, Module>>): Map<string, Parameter> {
  const named = new Map<string, Parameter>();
  for (const [prefix, module] of Object.entries(modules)) {
    for (const [name, parameter] of module.namedParameters()) named.set(`${prefix}.${name}`, parameter);
  }
  return named;
}

/**
 * Compares the tensors that are there with those that are wanted; anything missing, unexpected or of another shape is
 * one `UserError` that lists all of it.
 */
export function requireSameTensors(
  source: string,
  given: ReadonlyMap<string, Shape>,
  wanted: ReadonlyMap<string, Shape>,
): void {
  const missing = [...wanted.keys()].filter((name) => !given.has(name));
  const unexpected = [...given.keys()].filter((name) => !wanted.has(name));
  const misshapen = [...wanted].flatMap(([name, shape]) => {
    const found = given.get(name);
    return found && found.join() !== shape.join() ? [`${name} is [${found}] instead of [${shape}]`] : [];
  });
  const problems = Object.entries({ missing, unexpected, misshapen }).filter(([, names]) => names.length > 0);
  if (problems.length === 0) return;
  throw new UserError({
    given: `the tensors of ${source} do not fit: ${problems.map(([kind, names]) => `${kind}: ${list(names)}`).join('; ')}`,
    expected: `the ${wanted.size} tensors of this network`,
    remedy: 'use the settings that the file was made with',
  });
}

/**
 * Reads tensors of an open file into parameters, all of them or none: call {@link requireSameTensors} first. Values that
 * are not finite are a {@link DamagedFile}, since no network is saved with them; `exempt` names tensors that may have some.
 */
export async function readInto(
  file: SafetensorsFile,
  parameters: ReadonlyMap<string, Parameter>,
  { source, exempt = () => false }: { readonly source: string; readonly exempt?: (name: string) => boolean },
): Promise<void> {
  const values: [Parameter, Float32Array][] = [];
  for (const [name, parameter] of parameters) {
    const read = exempt(name) ? (await file.readFloat32(name)).values : await readFinite(file, name, source);
    values.push([parameter, read]);
  }
  for (const [parameter, read] of values) parameter.assign(read);
}

/** The values of a tensor; any that is not finite is a {@link DamagedFile}. */
export async function readFinite(file: SafetensorsFile, name: string, source: string): Promise<Float32Array> {
  const { values } = await file.readFloat32(name);
  if (allFinite(values)) return values;
  throw new DamagedFile({
    given: `${source} holds the tensor '${name}' with values that are not finite`,
    expected: 'weights of a network',
    remedy: 'it is damaged: get it again',
  });
}

/** Whether no value is NaN or infinite: by their bits, ten times as fast as by `Number.isFinite`. */
export function allFinite(values: Float32Array): boolean {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) if ((bits[i] & EXPONENT) === EXPONENT) return false;
  return true;
}

const EXPONENT = 0x7f80_0000;

function list(names: readonly string[], shown = 12): string {
  const rest = names.length - shown;
  return names.slice(0, shown).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
