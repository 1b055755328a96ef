import { expect, test } from 'vitest';
import { gaussianBlur } from './blur.ts';

test('a single pixel becomes a normalised bell, by channel', () => {
  const side = 15;
  const data = new Float32Array(side * side * 2);
  data[(7 * side + 7) * 2] = 1;
  const sigma = 1.3;
  const blurred = gaussianBlur({ height: side, width: side, data }, sigma).data;
  const at = (y: number, x: number, c = 0) => blurred[(y * side + x) * 2 + c];
  const ratio = (distance: number) => Math.exp(-(distance ** 2) / (2 * sigma ** 2));
  expect(at(7, 9) / at(7, 7)).toBeCloseTo(ratio(2), 5);
  expect(at(6, 8) / at(7, 7)).toBeCloseTo(ratio(Math.SQRT2), 5);
  expect(blurred.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 5);
  expect(blurred.filter((_, i) => i % 2 === 1).every((x) => x === 0)).toBe(true);
});

test('a constant stays constant up to the border, and σ = 0 changes nothing', () => {
  const flat = { height: 2, width: 3, data: new Float32Array(6).fill(5) };
  for (const value of gaussianBlur(flat, 2).data) expect(value).toBeCloseTo(5, 5);
  const source = { height: 1, width: 3, data: Float32Array.from([1, 2, 3]) };
  expect(gaussianBlur(source, 0)).toBe(source);
});
