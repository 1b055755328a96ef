/** Weights of linear interpolation from `from` to `target` positions, as a matrix [target, from]. */
export function bilinearMatrix(from: number, target: number, alignCorners: boolean): Float32Array {
  const matrix = new Float32Array(target * from);
  for (let i = 0; i < target; i++) {
    const position = alignCorners
      ? target > 1
        ? (i * (from - 1)) / (target - 1)
        : 0
      : Math.max(0, ((i + 0.5) * from) / target - 0.5);
    const low = Math.min(Math.floor(position), from - 1);
    const high = Math.min(low + 1, from - 1);
    const share = position - low;
    matrix[i * from + low] += 1 - share;
    matrix[i * from + high] += share;
  }
  return matrix;
}

/** Source position of each target position: floor(target · from / to). */
export function nearestIndices(from: number, target: number): number[] {
  return Array.from({ length: target }, (_, i) => Math.min(Math.floor((i * from) / target), from - 1));
}

/** The choice of {@link nearestIndices} as a matrix [target, from]. */
export function nearestMatrix(from: number, target: number): Float32Array {
  const matrix = new Float32Array(target * from);
  for (const [i, source] of nearestIndices(from, target).entries()) matrix[i * from + source] = 1;
  return matrix;
}
