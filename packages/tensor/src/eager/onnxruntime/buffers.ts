/** Arrays with fewer values than this are not worth pooling. */
const SMALLEST = 1024;

/** Lengths are rounded up by at most a quarter, so that maps of similar sizes share arrays. */
function roomFor(length: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(length)) - 2);
  return Math.ceil(length / step) * step;
}

/**
 * Memory for results, reused once nothing refers to it, because the first touch of a new array costs more than the
 * arithmetic of an element-wise operation.
 *
 * References are counted per memory block, not per array, since tensors may be views of one another (a slice is).
 * Memory that was handed out is left to the garbage collector, as is memory that was taken and never used by a tensor.
 */
export class BufferPool {
  private readonly idle = new Map<number, ArrayBufferLike[]>();
  /** Number of tensors that view each block in use. Weak, so that memory lost to an error is not kept alive. */
  private readonly views = new WeakMap<ArrayBufferLike, number>();
  private readonly limit: number;
  private waiting = 0;
  private viewed = 0;

  /** `limit` is in bytes; memory returned beyond it is dropped. */
  constructor(limit = 2 ** 29) {
    this.limit = limit;
  }

  /** Idle bytes. */
  get idleBytes(): number {
    return this.waiting;
  }

  /** Blocks that tensors currently view. */
  get inUse(): number {
    return this.viewed;
  }

  /** An array with arbitrary values. Its memory is not reused before all views of it have been released. */
  take(length: number): Float32Array {
    if (length < SMALLEST) return new Float32Array(length);
    const room = roomFor(length);
    const known = this.idle.get(room)?.pop();
    if (known) this.waiting -= known.byteLength;
    const buffer = known ?? new ArrayBuffer(room * Float32Array.BYTES_PER_ELEMENT);
    this.views.set(buffer, 0);
    return new Float32Array(buffer, 0, length);
  }

  /** Registers a view of the memory of `values`; does nothing if the pool does not own it. */
  retain({ buffer }: Float32Array): void {
    const views = this.views.get(buffer);
    if (views === undefined) return;
    if (views === 0) this.viewed++;
    this.views.set(buffer, views + 1);
  }

  /**
   * The opposite of {@link BufferPool.retain}. After the last view, or if there was none, the memory is free for the
   * next `take`.
   */
  release({ buffer }: Float32Array): void {
    const views = this.views.get(buffer);
    if (views === undefined) return;
    if (views > 1) {
      this.views.set(buffer, views - 1);
      return;
    }
    this.forget(buffer);
    if (this.waiting + buffer.byteLength > this.limit) return;
    this.waiting += buffer.byteLength;
    const room = buffer.byteLength / Float32Array.BYTES_PER_ELEMENT;
    const others = this.idle.get(room);
    if (others) others.push(buffer);
    else this.idle.set(room, [buffer]);
  }

  /** Marks the memory of `values` as handed out: it is never reused, whatever its tensors do. */
  surrender({ buffer }: Float32Array): void {
    if (this.views.has(buffer)) this.forget(buffer);
  }

  private forget(buffer: ArrayBufferLike): void {
    if (this.views.get(buffer) !== 0) this.viewed--;
    this.views.delete(buffer);
  }

  /** Drops all idle memory. */
  clear(): void {
    this.idle.clear();
    this.waiting = 0;
  }
}
