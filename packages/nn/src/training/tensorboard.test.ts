import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { crc32c, maskedCrc32c } from './crc32c.ts';
import { TrainingLoop } from './loop.ts';
import { tensorBoardHook } from './tensorboard.ts';

const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message Value { string tag = 1; float simple_value = 2; }
  message Summary { repeated Value value = 1; }
  message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }
`,
  { keepCase: true },
);

test('CRC-32C of the check string and of 32 zeros (RFC 3720)', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});

test('the events file holds framed records that decode to the scalars', async () => {
  const folder = temporaryFolder();
  const hooks = [tensorBoardHook({ folder, every: 2, prefix: 'cagnet' })];
  await new TrainingLoop({ iterations: 300, start: 296, step: async (i) => ({ D: i / 4, G: -1 }), hooks }).run();
  const [name] = await readdir(folder);
  expect(name).toMatch(/^events\.out\.tfevents\.\d+/);
  const events = decode(await readFile(join(folder, name)));
  expect(events[0].file_version).toBe('brain.Event:2');
  expect(events.slice(1).map((e) => [Number(e.step), e.summary?.value])).toEqual([
    [
      298,
      [
        { tag: 'cagnet/train/D', simple_value: 74.25 },
        { tag: 'cagnet/train/G', simple_value: -1 },
      ],
    ],
    [
      300,
      [
        { tag: 'cagnet/train/D', simple_value: 74.75 },
        { tag: 'cagnet/train/G', simple_value: -1 },
      ],
    ],
  ]);
  expect(Math.abs((events[1].wall_time as number) - Date.now() / 1000)).toBeLessThan(600);
});

interface DecodedEvent {
  wall_time?: number;
  step?: string;
  file_version?: string;
  summary?: { value: { tag: string; simple_value: number }[] };
}

function decode(file: Buffer): DecodedEvent[] {
  const events: DecodedEvent[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(maskedCrc32c(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(data));
    const type = root.lookupType('Event');
    events.push(type.toObject(type.decode(data), { longs: String }) as DecodedEvent);
    at += length + 16;
  }
  return events;
}
