import { type RunLengths, UserError } from '@unseen/core';

/**
 * Run lengths of a row-major binary mask [height, width] (nonzero is inside), in column-major order and starting with
 * the zeros, as in COCO.
 */
export function encodeRunLengths(mask: ArrayLike<number>, height: number, width: number): RunLengths {
  if (mask.length !== height * width) {
    throw new UserError({ given: `a mask of ${mask.length} values`, expected: `${height}x${width}` });
  }
  const runs: number[] = [];
  let inside = false;
  let length = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if ((mask[y * width + x] !== 0) !== inside) {
        runs.push(length);
        inside = !inside;
        length = 0;
      }
      length++;
    }
  }
  runs.push(length);
  return runs;
}

/**
 * The row-major mask (0 and 1) of run lengths; see {@link encodeRunLengths}. Runs that do not fill the grid are a
 * {@link UserError}.
 */
export function decodeRunLengths(runs: RunLengths, height: number, width: number): Uint8Array {
  const total = runs.reduce((sum, run) => sum + run, 0);
  if (total !== height * width || runs.some((run) => run < 0 || !Number.isInteger(run))) {
    throw new UserError({
      given: `run lengths of ${total} pixels`,
      expected: `${height}x${width} = ${height * width}`,
    });
  }
  const mask = new Uint8Array(total);
  let at = 0;
  runs.forEach((run, index) => {
    if (index % 2 === 1) {
      for (let i = at; i < at + run; i++) mask[(i % height) * width + Math.floor(i / height)] = 1;
    }
    at += run;
  });
  return mask;
}

/** Number of pixels inside a run-length mask. */
export function runLengthArea(runs: RunLengths): number {
  return runs.reduce((sum, run, index) => sum + (index % 2 === 1 ? run : 0), 0);
}
