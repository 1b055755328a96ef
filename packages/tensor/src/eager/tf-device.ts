import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../program.ts';

/** Reads of each backend, counted from the first request. */
const counts = new WeakMap<tf.KernelBackend, { reads: number }>();

function countReads(backend: tf.KernelBackend): { reads: number } {
  const known = counts.get(backend);
  if (known) return known;
  const count = { reads: 0 };
  counts.set(backend, count);
  const { read, readSync } = backend;
  backend.read = (dataId) => {
    count.reads++;
    return read.call(backend, dataId);
  };
  backend.readSync = (dataId) => {
    count.reads++;
    return readSync.call(backend, dataId);
  };
  return count;
}

/** The device of a TF.js backend. */
export class TfDevice implements Device {
  readonly name: string;
  private readonly backend: tf.KernelBackend;
  private readonly count: { reads: number };

  constructor(name: string) {
    this.name = name;
    this.backend = tf.backend();
    this.count = countReads(this.backend);
  }

  get readBacks(): number {
    return this.count.reads;
  }

  get allocatedBytes(): number | undefined {
    return (this.backend.memory() as { readonly numBytesAllocatedInGPU?: number }).numBytesAllocatedInGPU;
  }

  async finish(): Promise<void> {
    // Devices compute in order: once this value has arrived, so have all before it.
    const last = tf.tidy(() => tf.add(tf.scalar(1), tf.scalar(1)));
    await last.data();
    last.dispose();
    this.count.reads--;
  }
}
