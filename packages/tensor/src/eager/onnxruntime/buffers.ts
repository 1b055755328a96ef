/** Fewer values than this are not worth keeping an array for. */
const SMALLEST = 1024;

/** Lengths are rounded up by at most a quarter, so that maps of similar sizes share arrays. */
function roomFor(length: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(length)) - 2);
  return Math.ceil(length / step) * step;
}

/**
 * Memory for results, used again when nothing refers to it any more, because the first touch of a fresh array costs
 * more than the arithmetic of an element-wise operation.
 *
 * What counts is the memory and not the array: tensors may be views of one another (a slice is). Memory that was handed
 * to the outside is left to the garbage collector, as is memory that was taken and never became a tensor's.
 */
export class BufferPool {
  private readonly idle = new Map<number, ArrayBufferLike[]>();
  /** How many tensors view the memory that is out. Weak: memory that is lost on an error is not kept. */
  private readonly views = new WeakMap<ArrayBufferLike, number>();
  private readonly limit: number;
  private waiting = 0;
  private viewed = 0;

  /** `limit` is in bytes: what is given back beyond it is dropped. */
  constructor(limit = 2 ** 29) {
    this.limit = limit;
  }

  /** Bytes that wait for their next use. */
  get idleBytes(): number {
    return this.waiting;
  }

  /** Pieces of memory that tensors view now. */
  get inUse(): number {
    return this.viewed;
  }

  /** An array with arbitrary values. Its memory is given to nobody else before all its views were released. */
  take(length: number): Float32Array {
    if (length < SMALLEST) return new Float32Array(length);
    const room = roomFor(length);
    const known = this.idle.get(room)?.pop();
    if (known) this.waiting -= known.byteLength;
    const buffer = known ?? new ArrayBuffer(room * Float32Array.BYTES_PER_ELEMENT);
    this.views.set(buffer, 0);
    return new Float32Array(buffer, 0, length);
  }

  /** A tensor views the memory of `values` from now on; nothing happens when it is not the pool's. */
  retain({ buffer }: Float32Array): void {
    const views = this.views.get(buffer);
    if (views === undefined) return;
    if (views === 0) this.viewed++;
    this.views.set(buffer, views + 1);
  }

  /**
   * The opposite of {@link BufferPool.retain}; after the last view, or when there was none yet, the memory is free for
   * the next `take`.
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

  /** The memory of `values` was handed to the outside: it is never used again, whatever its tensors do. */
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
