import { afterAll, beforeAll, describe } from 'vitest';
import { operationsSuite } from './conformance/operations.suite.ts';
import { runsSuite } from './conformance/runs.suite.ts';
import type { Engine } from './program.ts';

/** Options of {@link conformanceSuite}. */
export interface ConformanceOptions {
  /** False: second derivatives and random geometries are left out, for engines that take long. Default true. */
  readonly thorough?: boolean;
}

/**
 * The behaviour that every engine must have, on every backend: each operation's values and gradients, first and second,
 * against an oracle in double precision; noise, updates, and the life of values.
 */
export function conformanceSuite(
  name: string,
  createEngine: () => Engine | Promise<Engine>,
  options: ConformanceOptions = {},
): void {
  describe(`conformance of ${name}`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await createEngine();
    });
    afterAll(() => engine?.dispose());

    operationsSuite(() => engine, options);
    runsSuite(() => engine);
  });
}
