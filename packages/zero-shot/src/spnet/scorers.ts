import { type Calibration, calibrationPenalties } from '@unseen/classifier';
import type { Scorer, StageContext } from '@unseen/experiment';
import { predictStep } from './predict-step.ts';
import type { SpnetSetup } from './setup.ts';

/** A scorer that stays ready between images. */
export interface ReadyScorer {
  /** Of its logits, [height, width]. */
  readonly grid: readonly [number, number];
  readonly score: Scorer;
  dispose(): void;
}

/** Scores validation images with the networks of a setup as they are now; an image that is asked for again is not run again. */
export function networkScorer({ engine }: StageContext, { input, trunk, head }: SpnetSetup): ReadyScorer {
  const { channels, images, val } = input;
  const scales = images?.scales ?? [];
  const executable = engine.compile(predictStep({ trunk, head, grid: val.grid, channels, scales }), { frozen: true });
  const [, height, width, classes] = executable.outputs.logits;
  const features = new Float32Array(val.grid[0] * val.grid[1] * channels);
  let last: { readonly index: number; readonly data: Float32Array } | undefined;
  return {
    grid: [height, width],
    async score(index) {
      if (last?.index !== index) {
        await val.read(index, features);
        last = { index, data: await executable.run({ features }).read('logits') };
      }
      return { height, width, channels: classes, data: last.data };
    },
    dispose: () => executable.dispose(),
  };
}

/** The same scores under calibrated stacking. */
export function calibratedScorer(score: Scorer, calibration: Calibration): Scorer {
  const penalties = calibrationPenalties(calibration);
  return async (index) => ({ ...(await score(index)), penalties });
}
