import { existsSync } from 'node:fs';
import { appendFile, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { RunLog } from './log.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

test('a line that a killed process left unfinished is cut off before the next one', async () => {
  const path = join(dir, 'log.jsonl');
  const first = new RunLog(path);
  first.forStage('train')({ iteration: 1, loss: 0.5 });
  first.close();
  await appendFile(path, '{"stage":"train","it');
  const second = new RunLog(path);
  second.forStage('train')({ iteration: 2, loss: Number.NaN });
  second.close();
  const lines = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { stage: 'train', iteration: 1, loss: 0.5 },
    { stage: 'train', iteration: 2, loss: null },
  ]);
});

test('rewind drops later steps of its own stage only', async () => {
  const log = new RunLog(join(dir, 'log.jsonl'));
  const [train, tune] = [log.forStage('train'), log.forStage('tune')];
  for (const step of [1, 2, 3]) train({ iteration: step });
  tune({ iteration: 3 });
  train({ event: 'other' });
  await train.rewind(1);
  train({ iteration: 2, again: true });
  expect(log.read().map(({ time: _, ...rest }) => rest)).toEqual([
    { stage: 'train', iteration: 1 },
    { stage: 'tune', iteration: 3 },
    { stage: 'train', event: 'other' },
    { stage: 'train', iteration: 2, again: true },
  ]);
  log.close();
});

test.skipIf(!existsSync('/dev/full'))('a full disk is one clear error', async () => {
  const path = join(dir, 'log.jsonl');
  await symlink('/dev/full', path);
  const log = new RunLog(path);
  expect(() => log.write({ iteration: 1 })).toThrow(/no space left to write .*log\.jsonl/);
  log.close();
});
