/** Behaviour of a context selector in a group of pixels. */
export interface ScaleShares {
  readonly pixels: number;
  /** Share of the pixels in which each scale has the largest weight; sums to 1 with {@link undecided}. */
  readonly shares: readonly number[];
  /** Share of the pixels in which several scales have the largest weight. */
  readonly undecided: number;
  /** Mean weight of each scale. */
  readonly weights: readonly number[];
}

/** Value of {@link preferredScales} if several scales have the largest weight. */
export const UNDECIDED = 255;

/** The scale with the largest weight at each pixel: weights [pixels · scales] → index, or {@link UNDECIDED}. */
export function preferredScales(weights: Float32Array, scales: number): Uint8Array {
  return Uint8Array.from({ length: weights.length / scales }, (_, i) => {
    const own = weights.subarray(i * scales, (i + 1) * scales);
    const largest = Math.max(...own);
    const at = own.indexOf(largest);
    return own.lastIndexOf(largest) === at ? at : UNDECIDED;
  });
}

/** Tallies the behaviour of a context selector by group of pixels. */
export class ScaleTally {
  private readonly scales: number;
  private readonly groups: { pixels: number; readonly wins: Float64Array; readonly sums: Float64Array }[];

  constructor(options: { readonly groups: number; readonly scales: number }) {
    this.scales = options.scales;
    this.groups = Array.from({ length: options.groups }, () => ({
      pixels: 0,
      wins: new Float64Array(options.scales),
      sums: new Float64Array(options.scales),
    }));
  }

  /** Adds the pixels of a map; pixels of unknown groups are skipped. */
  add(groups: ArrayLike<number>, weights: Float32Array, preferred: Uint8Array): void {
    for (let i = 0; i < groups.length; i++) {
      const group = this.groups[groups[i]];
      if (!group) continue;
      group.pixels++;
      if (preferred[i] !== UNDECIDED) group.wins[preferred[i]]++;
      for (let k = 0; k < this.scales; k++) group.sums[k] += weights[i * this.scales + k];
    }
  }

  /** Shares of one group; all 0 without pixels. */
  of(index: number): ScaleShares {
    const { pixels, wins, sums } = this.groups[index];
    const shares = Array.from(wins, (n) => n / Math.max(1, pixels));
    const undecided = pixels > 0 ? 1 - shares.reduce((sum, share) => sum + share, 0) : 0;
    // A sum of shares may miss 1 by rounding.
    return {
      pixels,
      shares,
      undecided: Math.abs(undecided) < 1e-9 ? 0 : undecided,
      weights: Array.from(sums, (sum) => sum / Math.max(1, pixels)),
    };
  }
}
