/** The connected regions of a label map as a graph. */
export interface LabelGraph {
  /** Number of regions. */
  readonly count: number;
  /** Region of each pixel, numbered in reading order of their first pixels: [height · width] */
  readonly nodes: Int32Array;
  /** Label of each region, as in the map. */
  readonly labels: Int32Array;
  /** First pixel of each region in reading order. */
  readonly firstPixels: Int32Array;
  /** 1 where two different regions touch: [count · count], symmetric. */
  readonly adjacency: Float32Array;
}

/**
 * 8-connected regions of equal labels, and which of them touch (Bucher et al. 2019, §3.3). Ignored pixels form regions
 * like all others.
 */
export function labelGraph(labels: ArrayLike<number>, height: number, width: number): LabelGraph {
  const nodes = new Int32Array(labels.length).fill(-1);
  const firstPixels: number[] = [];
  for (let pixel = 0; pixel < nodes.length; pixel++) {
    if (nodes[pixel] >= 0) continue;
    const node = firstPixels.push(pixel) - 1;
    nodes[pixel] = node;
    const open = [pixel];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      forEachNeighbour(next, height, width, (neighbour) => {
        if (nodes[neighbour] >= 0 || labels[neighbour] !== labels[pixel]) return;
        nodes[neighbour] = node;
        open.push(neighbour);
      });
    }
  }
  const count = firstPixels.length;
  const adjacency = new Float32Array(count * count);
  nodes.forEach((node, pixel) => {
    forEachNeighbour(pixel, height, width, (neighbour) => {
      if (nodes[neighbour] !== node) adjacency[node * count + nodes[neighbour]] = 1;
    });
  });
  const firsts = Int32Array.from(firstPixels);
  return { count, nodes, labels: firsts.map((pixel) => labels[pixel]), firstPixels: firsts, adjacency };
}

function forEachNeighbour(pixel: number, height: number, width: number, visit: (neighbour: number) => void): void {
  const y = Math.floor(pixel / width);
  const x = pixel % width;
  for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
    for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
      const neighbour = row * width + column;
      if (neighbour !== pixel) visit(neighbour);
    }
  }
}

/**
 * How {@link nodeFeatures} describes a region: by its `first` pixel, as in the released code, or by the `mean` of its
 * pixels (ZS-5).
 */
export type NodeFeatureKind = 'first' | 'mean';

/** Features of each region of a map [height · width · channels]: [count · channels]. */
export function nodeFeatures(
  features: Float32Array,
  { count, nodes, firstPixels }: Pick<LabelGraph, 'count' | 'nodes' | 'firstPixels'>,
  kind: NodeFeatureKind,
): Float32Array {
  const channels = features.length / nodes.length;
  const result = new Float32Array(count * channels);
  if (kind === 'first') {
    firstPixels.forEach((pixel, node) => {
      result.set(features.subarray(pixel * channels, (pixel + 1) * channels), node * channels);
    });
    return result;
  }
  const sizes = new Float32Array(count);
  for (const node of nodes) sizes[node]++;
  nodes.forEach((node, pixel) => {
    for (let c = 0; c < channels; c++) result[node * channels + c] += features[pixel * channels + c] / sizes[node];
  });
  return result;
}

/** Options of {@link propagationMatrix}. */
export interface PropagationOptions {
  /**
   * Whether the graph has self-loops. Without them, as in the released code, a region only sees its neighbours (ZS-5).
   */
  readonly selfLoops: boolean;
  /** Whether to use D^-½ A D^-½ instead of A (Kipf and Welling 2017, eq. 2). The released code does not (ZS-5). */
  readonly normalize: boolean;
  /** Number of nodes in the result, padded with unconnected ones. Default: that of the graph. */
  readonly capacity?: number;
}

/** The matrix by which a graph convolution multiplies its nodes: [capacity · capacity]. */
export function propagationMatrix(
  { count, adjacency }: Pick<LabelGraph, 'count' | 'adjacency'>,
  { selfLoops, normalize, capacity = count }: PropagationOptions,
): Float32Array {
  if (capacity < count) throw new RangeError(`${count} nodes do not fit into ${capacity}`);
  const weight = (a: number, b: number) => (a === b && selfLoops ? 1 : adjacency[a * count + b]);
  const ids = Array.from({ length: count }, (_, node) => node);
  const degrees = ids.map((a) => ids.reduce((sum, b) => sum + weight(a, b), 0));
  const result = new Float32Array(capacity * capacity);
  for (const a of ids) {
    for (const b of ids) {
      const scale = normalize && weight(a, b) !== 0 ? 1 / Math.sqrt(degrees[a] * degrees[b]) : 1;
      result[a * capacity + b] = weight(a, b) * scale;
    }
  }
  return result;
}
