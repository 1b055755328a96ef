/** [n, c, h, w] → [n, h, w, c]. */
export function channelsLast(values: ArrayLike<number>, [n, c, h, w]: readonly number[]): Float32Array {
  return permuted(values, n, c, h * w);
}

/** [n, h, w, c] → [n, c, h, w]; `shape` is that of the result. */
export function channelsFirst(values: ArrayLike<number>, [n, c, h, w]: readonly number[]): Float32Array {
  return permuted(values, n, h * w, c);
}

/** [n, a, b] → [n, b, a]. */
function permuted(values: ArrayLike<number>, n: number, a: number, b: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let image = 0; image < n; image++)
    for (let i = 0; i < a; i++)
      for (let j = 0; j < b; j++) out[(image * b + j) * a + i] = values[(image * a + i) * b + j];
  return out;
}

/** Bytes [h, w, 3] in the order blue, green, red → red, green, blue. */
export function rgbOf(bgr: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(bgr, (_, i) => bgr[i - (i % 3) + 2 - (i % 3)]);
}
