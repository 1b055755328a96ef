import { type CompressionType, RecordBatchFileWriter, type Schema } from 'apache-arrow';
import type { FeatureColumns } from './schema.ts';

/**
 * Arrow's file writer, with three changes: its bytes are handed over by whoever drains `chunks` instead of piling up in
 * a queue; the footer, the only place of a file that holds the schema here, gets metadata that is known at the end;
 * and compressed columns have in front what the format asks for.
 */
export class ChunkWriter extends RecordBatchFileWriter<FeatureColumns> {
  readonly chunks: Uint8Array[] = [];
  footerSchema: Schema<FeatureColumns> | undefined;

  constructor(compressionType?: CompressionType) {
    super({ compressionType: compressionType ?? null });
  }

  /** Place of the record batch that was written last. */
  get lastBlock(): { readonly offset: number; readonly metaDataLength: number } {
    return this._recordBatchBlocks[this._recordBatchBlocks.length - 1];
  }

  protected override _write(chunk: ArrayBufferView): this {
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (!this._started || bytes.length === 0) return this;
    this.chunks.push(bytes);
    this._position += bytes.length;
    return this;
  }

  protected override _writeFooter(schema: Schema<FeatureColumns>): this {
    return super._writeFooter(this.footerSchema ?? schema);
  }

  protected override _compressBodyBuffers(buffers: ArrayBufferView[]) {
    const result = super._compressBodyBuffers(buffers);
    for (const [i, { byteLength }] of buffers.entries()) {
      if (byteLength === 0) continue;
      const { buffer, byteOffset } = result.buffers[2 * i];
      const prefix = new DataView(buffer, byteOffset);
      // In front stands the uncompressed length; Arrow 21.2 writes the compressed one, which other readers refuse.
      if (prefix.getBigInt64(0, true) >= 0n) prefix.setBigInt64(0, BigInt(byteLength), true);
    }
    return result;
  }
}
