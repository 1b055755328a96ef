import { readJson } from '@unseen/core';
import type { FoundCalibration } from './calibration-search.ts';
import type { SpnetConfig } from './setup.ts';

/** γ of a run: that of its settings, or the one that its search has left at `path`. */
export async function readGamma(
  { calibration: { gamma } }: SpnetConfig,
  path: () => string,
): Promise<{ readonly gamma: number; readonly words: string }> {
  if (gamma !== 'search') return { gamma, words: `γ = ${gamma}, given` };
  const found = (await readJson(path())) as FoundCalibration;
  const { heldOut, kept } = found.images;
  const words = `γ = ${found.gamma}, the best of ${found.tried.length} values on ${heldOut} training images held out, with ${found.pseudoUnseen.join(', ')} as unseen classes, after training on the other ${kept}`;
  return { gamma: found.gamma, words };
}
