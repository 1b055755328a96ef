import type { Ops } from '@unseen/tensor';

/** Mirrors maps [n, h, w, c] left to right. */
export function mirror<V>(ops: Ops<V>, maps: V): V {
  const [n, height, width, channels] = ops.shape(maps);
  const rows = ops.reshape(ops.transpose(maps, [0, 1, 3, 2]), [n * height * channels, width]);
  const exchange = new Float32Array(width * width);
  for (let x = 0; x < width; x++) exchange[x * width + width - 1 - x] = 1;
  const mirrored = ops.matMul(rows, ops.constant(exchange, [width, width]));
  return ops.transpose(ops.reshape(mirrored, [n, height, channels, width]), [0, 1, 3, 2]);
}
