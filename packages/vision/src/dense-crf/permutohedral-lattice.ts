/** Sums over all points, weighted by a Gaussian kernel between their features: values [points · channels] → the same. */
export type GaussianFilter = (values: Float32Array, channels: number) => Float32Array;

/**
 * Approximates the Gaussian filter with kernel exp(-‖fᵢ - fⱼ‖² / 2), the point itself included, up to a constant factor, in
 * time linear in the points (Adams et al. 2010): values are splatted onto the corners of the simplex around each
 * point, blurred along the lattice's directions and read back.
 *
 * @param features [points · dimension], in units of the kernel's deviation
 */
export function latticeFilter(features: Float32Array, dimension: number): GaussianFilter {
  const lattice = embed(features, dimension);
  return (values, channels) => {
    const splatted = splat(lattice, values, channels);
    return slice(lattice, blur(lattice, splatted, channels), channels);
  };
}

/** Position of the points among the corners of the lattice. */
interface Lattice {
  readonly dimension: number;
  readonly points: number;
  /** Number of corners that any point touches. */
  readonly corners: number;
  /** Corners of each point's simplex, [points · (dimension + 1)]; row 0 of the values stands for missing neighbours. */
  readonly corner: Int32Array;
  /** Barycentric weight of each corner. */
  readonly weight: Float32Array;
  /** Both neighbours of each corner in each direction, [dimension + 1, corners, 2]; 0 if there is none. */
  readonly neighbours: Int32Array;
}

function embed(features: Float32Array, dimension: number): Lattice {
  const points = features.length / dimension;
  const simplex = new Simplex(dimension);
  const table = new CornerTable(dimension, points * (dimension + 1));
  const corner = new Int32Array(points * (dimension + 1));
  const weight = new Float32Array(points * (dimension + 1));
  for (let point = 0; point < points; point++) {
    simplex.enclose(features, point * dimension);
    for (let remainder = 0; remainder <= dimension; remainder++) {
      const at = point * (dimension + 1) + remainder;
      corner[at] = table.add(simplex.cornerAt(remainder));
      weight[at] = simplex.weights[remainder];
    }
  }
  return { dimension, points, corners: table.size, corner, weight, neighbours: table.neighbours() };
}

/** The simplex of the lattice around a point; its arrays are reused for the next point. */
class Simplex {
  /** Barycentric weights of the corners by remainder. */
  readonly weights: Float64Array;
  private readonly dimension: number;
  private readonly scale: Float64Array;
  private readonly elevated: Float64Array;
  private readonly nearest: Int32Array;
  private readonly rank: Int32Array;
  private readonly key: Int32Array;

  constructor(dimension: number) {
    this.dimension = dimension;
    this.weights = new Float64Array(dimension + 2);
    // Makes the variance of the blur 1.
    this.scale = Float64Array.from(
      { length: dimension },
      (_, i) => (Math.sqrt(2 / 3) * (dimension + 1)) / Math.sqrt((i + 1) * (i + 2)),
    );
    this.elevated = new Float64Array(dimension + 1);
    this.nearest = new Int32Array(dimension + 1);
    this.rank = new Int32Array(dimension + 1);
    this.key = new Int32Array(dimension);
  }

  enclose(features: Float32Array, offset: number): void {
    this.elevate(features, offset);
    this.round();
    this.weigh();
  }

  /** Integer coordinates of a corner; the last one follows from the others. */
  cornerAt(remainder: number): Int32Array {
    const { dimension, nearest, rank, key } = this;
    for (let i = 0; i < dimension; i++) {
      key[i] = nearest[i] + (rank[i] <= dimension - remainder ? remainder : remainder - (dimension + 1));
    }
    return key;
  }

  /** Projects onto the hyperplane whose coordinates sum to 0. */
  private elevate(features: Float32Array, offset: number): void {
    const { dimension, scale, elevated } = this;
    let sum = 0;
    for (let i = dimension; i > 0; i--) {
      const scaled = features[offset + i - 1] * scale[i - 1];
      elevated[i] = sum - i * scaled;
      sum += scaled;
    }
    elevated[0] = sum;
  }

  /** Finds the nearest corner of remainder 0 and the order of the residuals. */
  private round(): void {
    const { dimension, elevated, nearest, rank } = this;
    const period = dimension + 1;
    let excess = 0;
    for (let i = 0; i <= dimension; i++) {
      const rounded = Math.round(elevated[i] / period);
      nearest[i] = rounded * period;
      excess += rounded;
    }
    rank.fill(0);
    for (let i = 0; i < dimension; i++) {
      const residual = elevated[i] - nearest[i];
      for (let j = i + 1; j <= dimension; j++) rank[residual < elevated[j] - nearest[j] ? i : j]++;
    }
    for (let i = 0; i <= dimension; i++) {
      rank[i] += excess;
      if (rank[i] < 0) {
        rank[i] += period;
        nearest[i] += period;
      } else if (rank[i] > dimension) {
        rank[i] -= period;
        nearest[i] -= period;
      }
    }
  }

  private weigh(): void {
    const { dimension, elevated, nearest, rank, weights } = this;
    weights.fill(0);
    for (let i = 0; i <= dimension; i++) {
      const share = (elevated[i] - nearest[i]) / (dimension + 1);
      weights[dimension - rank[i]] += share;
      weights[dimension + 1 - rank[i]] -= share;
    }
    weights[0] += 1 + weights[dimension + 1];
  }
}

/** Numbers corners from 1, in the order in which they are first seen. */
class CornerTable {
  size = 0;
  private readonly dimension: number;
  private readonly slots: Int32Array;
  private keys: Int32Array;

  constructor(dimension: number, most: number) {
    this.dimension = dimension;
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * most + 1)));
    this.keys = new Int32Array(1024 * dimension);
  }

  add(key: Int32Array): number {
    const slot = this.slotOf(key);
    if (this.slots[slot] > 0) return this.slots[slot];
    const { dimension } = this;
    if ((this.size + 1) * dimension > this.keys.length) {
      const grown = new Int32Array(2 * this.keys.length);
      grown.set(this.keys);
      this.keys = grown;
    }
    this.keys.set(key, this.size * dimension);
    this.slots[slot] = ++this.size;
    return this.size;
  }

  neighbours(): Int32Array {
    const { dimension, size } = this;
    const found = new Int32Array((dimension + 1) * size * 2);
    const key = new Int32Array(dimension);
    for (let direction = 0; direction <= dimension; direction++) {
      for (let corner = 0; corner < size; corner++) {
        for (let side = 0; side < 2; side++) {
          const sign = side === 0 ? -1 : 1;
          for (let i = 0; i < dimension; i++) {
            key[i] = this.keys[corner * dimension + i] + (i === direction ? -sign * dimension : sign);
          }
          found[(direction * size + corner) * 2 + side] = this.slots[this.slotOf(key)];
        }
      }
    }
    return found;
  }

  /** The slot of a corner, or the one where it would be inserted. */
  private slotOf(key: Int32Array): number {
    const { dimension, slots } = this;
    const mask = slots.length - 1;
    let hash = 0;
    for (let i = 0; i < dimension; i++) hash = Math.imul(hash + key[i], 2531011);
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      if (slots[slot] === 0 || this.isKey(slots[slot] - 1, key)) return slot;
    }
  }

  private isKey(corner: number, key: Int32Array): boolean {
    const { dimension, keys } = this;
    for (let i = 0; i < dimension; i++) if (keys[corner * dimension + i] !== key[i]) return false;
    return true;
  }
}

function splat({ dimension, points, corners, corner, weight }: Lattice, values: Float32Array, channels: number) {
  const splatted = new Float32Array((corners + 1) * channels);
  for (let point = 0, at = 0, start = 0; point < points; point++, start += channels) {
    for (let k = 0; k <= dimension; k++, at++) {
      const share = weight[at];
      const end = start + channels;
      for (let i = start, to = corner[at] * channels; i < end; i++, to++) splatted[to] += share * values[i];
    }
  }
  return splatted;
}

function blur({ dimension, corners, neighbours }: Lattice, splatted: Float32Array, channels: number): Float32Array {
  const buffers = [splatted, new Float32Array(splatted.length)];
  for (let direction = 0, at = 0; direction <= dimension; direction++) {
    const from = buffers[direction % 2];
    const to = buffers[(direction + 1) % 2];
    for (let here = channels; here <= corners * channels; at += 2) {
      let before = neighbours[at] * channels;
      let after = neighbours[at + 1] * channels;
      for (const end = here + channels; here < end; here++, before++, after++) {
        to[here] = from[here] + 0.5 * (from[before] + from[after]);
      }
    }
  }
  return buffers[(dimension + 1) % 2];
}

function slice({ dimension, points, corner, weight }: Lattice, blurred: Float32Array, channels: number): Float32Array {
  const values = new Float32Array(points * channels);
  for (let point = 0, at = 0, start = 0; point < points; point++, start += channels) {
    for (let k = 0; k <= dimension; k++, at++) {
      const share = weight[at];
      const end = start + channels;
      for (let i = start, from = corner[at] * channels; i < end; i++, from++) values[i] += share * blurred[from];
    }
  }
  return values;
}
