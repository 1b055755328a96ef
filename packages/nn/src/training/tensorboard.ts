import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFileError } from '@unseen/core';
import protobuf from 'protobufjs/minimal.js';
import { maskedCrc32c } from './crc32c.ts';
import { type Hook, isDue, type Scalars } from './hooks.ts';

/** Options of {@link tensorBoardHook}. */
export interface TensorBoardOptions {
  /** Folder of the run. */
  readonly folder: string;
  /** Iterations between points of the group `train`; other groups are always written. Default 1. */
  readonly every?: number;
  /** Prepended to each tag: `prefix/group/name`. */
  readonly prefix?: string;
}

/** Writes scalars to a new `events.out.tfevents.*` file, which TensorBoard shows as `group/name`. */
export function tensorBoardHook(options: TensorBoardOptions): Hook {
  const { folder, every = 1, prefix } = options;
  let file: FileHandle | undefined;
  const path = join(folder, `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${process.pid}.${files++}`);
  const write = async (event: Uint8Array) => {
    try {
      await file?.appendFile(frameRecord(event));
    } catch (error) {
      throw explainFileError(error, path);
    }
  };
  return {
    async onStart() {
      try {
        await mkdir(folder, { recursive: true });
        file = await open(path, 'a');
      } catch (error) {
        throw explainFileError(error, path);
      }
      await write(encodeVersion(Date.now() / 1000));
    },
    async onScalars(event) {
      if (event.group === 'train' && !isDue(event, every)) return;
      const group = prefix === undefined ? event.group : `${prefix}/${event.group}`;
      await write(encodeScalars(Date.now() / 1000, event.iteration, group, event.scalars));
    },
    async onEnd() {
      await file?.close();
      file = undefined;
    },
  };
}

let files = 0;

/** A TFRecord: length, CRC of the length, data, CRC of the data. */
function frameRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

/** Wire tag of a protobuf field: its number and how it is stored. */
const field = (number: number, type: 'varint' | 'double' | 'bytes' | 'float') =>
  number * 8 + { varint: 0, double: 1, bytes: 2, float: 5 }[type];

/** Event {wall_time = 1, file_version = 3}, the first record of every file. */
function encodeVersion(time: number): Uint8Array {
  const writer = protobuf.Writer.create();
  return writer.uint32(field(1, 'double')).double(time).uint32(field(3, 'bytes')).string('brain.Event:2').finish();
}

/** Event {wall_time = 1, step = 2, summary = 5 {value = 1 {tag = 1, simple_value = 2}}}. */
function encodeScalars(time: number, step: number, group: string, scalars: Scalars): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(field(1, 'double')).double(time).uint32(field(2, 'varint')).int64(step);
  writer.uint32(field(5, 'bytes')).fork();
  for (const [name, value] of Object.entries(scalars)) {
    writer.uint32(field(1, 'bytes')).fork();
    writer.uint32(field(1, 'bytes')).string(`${group}/${name}`).uint32(field(2, 'float')).float(value);
    writer.ldelim();
  }
  return writer.ldelim().finish();
}
