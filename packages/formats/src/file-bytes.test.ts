import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { readJsonObject } from './json/read-json-object.ts';
import { readMat } from './mat/read-mat.ts';
import { readNpy } from './npy.ts';
import { openWeights } from './open-weights.ts';
import { readPickle } from './pickle/read-pickle.ts';
import { openSafetensors } from './safetensors.ts';
import { openLegacyCheckpoint } from './torch/legacy-checkpoint.ts';
import { openWordVectors } from './word-vectors/open-word-vectors.ts';
import { openZip } from './zip.ts';

test.skipIf(process.platform === 'win32')('no reader waits for the writer of a pipe', async () => {
  const path = join(temporaryFolder(), 'pipe');
  spawnSync('mkfifo', [path]);
  const readers: readonly ((path: string) => Promise<unknown>)[] = [
    ...[readMat, readNpy, readPickle, openWeights, openSafetensors, openLegacyCheckpoint, openWordVectors, openZip],
    (pipe) => readJsonObject(pipe, {}),
  ];
  for (const read of readers) {
    const error = await read(path).catch((thrown: unknown) => thrown);
    expect(error, read.name).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain('is a pipe; expected a file');
  }
});
