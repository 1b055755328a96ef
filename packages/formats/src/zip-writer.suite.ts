import { crc32, deflateRawSync } from 'node:zlib';

/** An entry to be written; what its headers say can be falsified. */
export interface ZipInput {
  readonly name: string;
  readonly content: Uint8Array;
  readonly compress?: boolean;
  /** Claimed size of the content. */
  readonly size?: number;
  readonly checksum?: number;
  /** Claimed place of the entry. */
  readonly offset?: number;
  /** Bytes between the entry's header and its content, as PyTorch aligns it. */
  readonly padding?: number;
}

/** A zip archive, byte by byte. */
export function zipBytes(inputs: readonly ZipInput[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const input of inputs) {
    const { name, content, compress = false, padding = 0 } = input;
    const stored = compress ? deflateRawSync(content, { level: 9 }) : Buffer.from(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(compress ? 8 : 0, 4);
    common.writeUInt32LE(input.checksum ?? crc32(content), 10);
    common.writeUInt32LE(stored.length, 14);
    common.writeUInt32LE(input.size ?? content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.from(common);
    local.writeUInt16LE(padding, 24);
    const central = Buffer.alloc(46 - 30);
    central.writeUInt32LE(input.offset ?? position, 12);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, central.subarray(2), Buffer.from(name));
    const entry = Buffer.concat([Buffer.from('PK\x03\x04'), local, Buffer.from(name), Buffer.alloc(padding), stored]);
    parts.push(entry);
    position += entry.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(inputs.length, 8);
  end.writeUInt16LE(inputs.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(position, 16);
  return Buffer.concat([...parts, list, end]);
}
