import { IGNORE } from '@unseen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelsFrom, labelsFromScores } from './score-grid.ts';

const side = fc.integer({ min: 1, max: 5 });

describe('labelsFromScores', () => {
  it('is the arg max of bilinearly interpolated scores', () => {
    fc.assert(
      fc.property(side, side, side, side, fc.integer(), (height, width, outHeight, outWidth, seed) => {
        const channels = 3;
        const data = Float32Array.from({ length: height * width * channels }, (_, i) => Math.sin(seed + i * i * 0.7));
        const labels = labelsFromScores({ height, width, channels, data }, [outHeight, outWidth]);
        const at = (y: number, x: number, c: number) => data[(y * width + x) * channels + c];
        for (let y = 0; y < outHeight; y++) {
          for (let x = 0; x < outWidth; x++) {
            const sy = Math.max(0, ((y + 0.5) * height) / outHeight - 0.5);
            const sx = Math.max(0, ((x + 0.5) * width) / outWidth - 0.5);
            const [y0, x0] = [Math.floor(sy), Math.floor(sx)];
            const [y1, x1] = [Math.min(y0 + 1, height - 1), Math.min(x0 + 1, width - 1)];
            const [ty, tx] = [sy - y0, sx - x0];
            const scores = [0, 1, 2].map(
              (c) =>
                (1 - ty) * ((1 - tx) * at(y0, x0, c) + tx * at(y0, x1, c)) +
                ty * ((1 - tx) * at(y1, x0, c) + tx * at(y1, x1, c)),
            );
            expect(scores[labels[y * outWidth + x]]).toBeGreaterThan(Math.max(...scores) - 1e-5);
          }
        }
      }),
    );
  });

  it('leaves pixels void whose probability is below the asked confidence', () => {
    const data = Float32Array.of(Math.log(3), 0, 0, Math.log(9));
    const scores = { height: 1, width: 2, channels: 2, data };
    expect([...labelsFromScores(scores, [1, 2])]).toEqual([0, 1]);
    expect([...labelsFromScores(scores, [1, 2], { minConfidence: 0.8 })]).toEqual([IGNORE, 1]);
  });
});

describe('penalties', () => {
  const grid = fc.record({ height: side, width: side, seed: fc.integer() }).map(({ height, width, seed }) => {
    const channels = 4;
    const data = Float32Array.from({ length: height * width * channels }, (_, i) => 3 * Math.sin(seed + i * i * 0.7));
    return { height, width, channels, data };
  });
  const size = fc.tuple(side, side);

  it('of 0 change nothing, and are taken off the probabilities after interpolation', () => {
    fc.assert(
      fc.property(grid, size, (scores, target) => {
        const plain = labelsFromScores(scores, target);
        expect(labelsFromScores({ ...scores, penalties: new Float32Array(4) }, target)).toEqual(plain);
        // The first two can never win against a penalty of 1.
        const others = labelsFromScores({ ...scores, penalties: Float32Array.of(1, 1, 0, 0) }, target);
        expect(others).toEqual(labelsFromScores(channelsFrom(scores, 2), target).map((channel) => channel + 2));
      }),
    );
  });

  it('count in probabilities: .6 against .4 loses by .3, not by .1', () => {
    const scores = { height: 1, width: 1, channels: 2, data: Float32Array.of(Math.log(6), Math.log(4)) };
    expect([...labelsFromScores({ ...scores, penalties: Float32Array.of(0.1, 0) }, [1, 1])]).toEqual([0]);
    expect([...labelsFromScores({ ...scores, penalties: Float32Array.of(0.3, 0) }, [1, 1])]).toEqual([1]);
  });
});

describe('channelsFrom', () => {
  it('keeps the last channels with their penalties', () => {
    const scores = { height: 1, width: 2, channels: 3, data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    expect(channelsFrom({ ...scores, penalties: Float32Array.of(7, 8, 9) }, 1)).toEqual({
      height: 1,
      width: 2,
      channels: 2,
      data: Float32Array.of(2, 3, 5, 6),
      penalties: Float32Array.of(8, 9),
    });
  });
});
