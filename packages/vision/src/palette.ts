/** An RGB colour, 0 … 255. */
export type Color = readonly [number, number, number];

/** The palette of Pascal VOC: bits 0, 1, 2 of the index go to red, green, blue, from the highest bit down. */
export function vocPalette(length = 256): Color[] {
  return Array.from({ length }, (_, index) => {
    const color: [number, number, number] = [0, 0, 0];
    for (let bit = 0; bit < 8; bit++) {
      for (let c = 0; c < 3; c++) color[c] |= ((index >> (3 * bit + c)) & 1) << (7 - bit);
    }
    return color;
  });
}

/** Distinct colours for any number of classes: hues a golden angle apart, in three bands of lightness. */
export function generatedPalette(length: number): Color[] {
  return Array.from({ length }, (_, index) => {
    const hue = (index * 137.508) % 360;
    const lightness = [0.5, 0.35, 0.68][index % 3];
    return hslToRgb(hue, 0.75, lightness);
  });
}

function hslToRgb(hue: number, saturation: number, lightness: number): Color {
  const amplitude = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - amplitude * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
