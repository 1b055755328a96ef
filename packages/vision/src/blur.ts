import { channelsOf, type Raster } from './raster.ts';

/** Gaussian blur by a separable kernel of 3σ on either side, with the border repeated. σ = 0 changes nothing. */
export function gaussianBlur(source: Raster<Float32Array>, sigma: number): Raster<Float32Array> {
  const reach = Math.ceil(3 * sigma);
  if (reach === 0) return source;
  const weights = Float32Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const kernel = weights.map((weight) => weight / total);
  const { height, width } = source;
  const channels = channelsOf(source);
  const along = (data: Float32Array, length: number, step: number) => {
    const result = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) {
      const at = Math.floor(i / step) % length;
      for (let k = -reach; k <= reach; k++) {
        const clamped = Math.min(length - 1, Math.max(0, at + k));
        result[i] += kernel[k + reach] * data[i + (clamped - at) * step];
      }
    }
    return result;
  };
  return { ...source, data: along(along(source.data, width, channels), height, width * channels) };
}
