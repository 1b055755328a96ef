import { expect, test } from 'vitest';
import { HEAT_COLORS, heatColor, heatPicture } from './heat.ts';

test('the ends and the middle of a range get the ends and the middle of the colours', () => {
  const data = Float32Array.from([2, 3, 4, 9, Number.NaN]);
  const { data: pixels } = heatPicture({ height: 1, width: 5, data }, { range: [2, 4] });
  const at = (i: number) => [...pixels.subarray(3 * i, 3 * i + 3)];
  expect(at(0)).toEqual(HEAT_COLORS[0]);
  expect(at(1)).toEqual(HEAT_COLORS[2]);
  expect(at(2)).toEqual(HEAT_COLORS[4]);
  expect(at(3)).toEqual(HEAT_COLORS[4]);
  expect(at(4)).toEqual([0, 0, 0]);
});

test('over an image, opacity mixes and what is no number leaves the image', () => {
  const image = { height: 1, width: 2, data: Uint8Array.from([100, 100, 100, 7, 8, 9]) };
  const map = { height: 1, width: 2, data: Float32Array.from([0, Number.NaN]) };
  const { data } = heatPicture(map, { range: [0, 1], image, opacity: 0.5 });
  expect([...data]).toEqual([84, 51, 92, 7, 8, 9]);
});

test('colours get lighter from low to high', () => {
  const lightness = Array.from({ length: 21 }, (_, i) => {
    const [r, g, b] = heatColor(i / 20);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  });
  for (let i = 1; i < lightness.length; i++) expect(lightness[i]).toBeGreaterThan(lightness[i - 1]);
});
