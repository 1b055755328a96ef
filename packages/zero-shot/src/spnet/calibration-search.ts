import { UserError } from '@unseen/core';
import type { EvaluatedMethod } from '@unseen/experiment';

/** Figures of the held-out protocol at one γ. */
export interface TriedGamma {
  readonly gamma: number;
  readonly seenMIoU: number | null;
  readonly unseenMIoU: number | null;
  readonly hIoU: number | null;
}

/** What `calibration.json` of a run says: γ, and how it was found. */
export interface FoundCalibration {
  readonly gamma: number;
  /** Seen classes that played unseen. */
  readonly pseudoUnseen: readonly string[];
  /** Number of training images that played validation, and of those that were left to learn from. */
  readonly images: { readonly heldOut: number; readonly kept: number };
  readonly tried: readonly TriedGamma[];
}

/** 0, step, 2·step, … below 1. */
export function gammaGrid(step: number): number[] {
  const count = Math.ceil(1 / step - 1e-9);
  return Array.from({ length: count }, (_, i) => Number((i * step).toFixed(6)));
}

/** Metrics at each γ as they are recorded. */
export function triedGamma(gamma: number, { seenMIoU, unseenMIoU, hIoU }: EvaluatedMethod): TriedGamma {
  return { gamma, seenMIoU, unseenMIoU, hIoU };
}

/** The γ of the best hIoU, the smallest of equals. */
export function bestGamma(tried: readonly TriedGamma[]): number {
  const defined = tried.filter(({ hIoU }) => hIoU !== null);
  if (defined.length === 0) {
    throw new UserError({
      given: 'held-out images without a labelled pixel of the pseudo-unseen classes, or of the others',
      expected: 'some of both, to choose γ by',
      remedy: "choose other classes under 'calibration.search.pseudoUnseen', or hold out more images",
    });
  }
  return defined.reduce((best, one) => (one.hIoU! > best.hIoU! ? one : best)).gamma;
}
