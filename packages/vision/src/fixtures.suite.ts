import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors } from '@unseen/formats';
import { expect } from 'vitest';
import type { Raster, RasterData } from './raster.ts';

interface FixtureJson {
  readonly settings: Record<string, unknown>;
  readonly values?: Record<string, { readonly value: unknown }>;
  readonly tensors: Record<
    string,
    { readonly role: string; readonly shape: readonly number[]; readonly tolerance?: { abs: number; rel: number } }
  >;
}

/** Reference numbers with their tolerances. */
export interface Fixture {
  readonly json: FixtureJson;
  /** Values of a tensor, row by row. */
  values(name: string): RasterData;
  /** A tensor [height, width] or [height, width, channels] as a raster. */
  raster<D extends RasterData>(name: string): Raster<D>;
  /** Compares an [height, width, channels] result with a tensor, which may be stored channels first. */
  compare(name: string, got: Raster): void;
}

const folder =
  process.env.UNSEEN_FIXTURES ??
  join(process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'fixtures');

/** Whether the reference numbers are there. */
export const haveFixtures = existsSync(join(folder, 'resize.json'));

/** Opens a fixture by name. */
export async function openFixture(name: string): Promise<Fixture> {
  const json = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as FixtureJson;
  const file = await openSafetensors(join(folder, `${name}.safetensors`));
  const all = new Map<string, RasterData>();
  for (const key of Object.keys(json.tensors)) all.set(key, (await file.read(key)).values as RasterData);
  await file.close();
  const values = (key: string) => all.get(key)!;
  return {
    json,
    values,
    raster<D extends RasterData>(key: string) {
      const [height, width] = json.tensors[key].shape;
      return { height, width, data: values(key) as D };
    },
    compare(key, got) {
      const { shape, tolerance = { abs: 0, rel: 0 } } = json.tensors[key];
      const channels = got.data.length / (got.height * got.width);
      const first = channels === 3 && shape.at(-1) !== 3;
      expect(first ? shape.slice(-2) : shape.slice(0, 2)).toEqual([got.height, got.width]);
      const wanted = values(key);
      const plane = got.height * got.width;
      let worst = 0;
      let largest = 0;
      for (let i = 0; i < wanted.length; i++) {
        const index = first ? (i % plane) * 3 + Math.floor(i / plane) : i;
        worst = Math.max(worst, Math.abs(wanted[i] - got.data[index]));
        largest = Math.max(largest, Math.abs(wanted[i]));
      }
      expect(worst, key).toBeLessThanOrEqual(tolerance.abs + tolerance.rel * largest);
    },
  };
}
