import { expect, test } from 'vitest';
import { haveFixtures, openFixture } from './fixtures.suite.ts';
import { normalize } from './normalization.ts';
import { overlay, paintLabels } from './overlay.ts';
import { type Color, generatedPalette, vocPalette } from './palette.ts';

test('the VOC palette has the published colours', () => {
  const palette = vocPalette();
  const known: [number, Color][] = [
    [0, [0, 0, 0]],
    [1, [128, 0, 0]],
    [2, [0, 128, 0]],
    [3, [128, 128, 0]],
    [8, [64, 0, 0]],
    [15, [192, 128, 128]],
    [20, [0, 64, 128]],
    [255, [224, 224, 192]],
  ];
  for (const [index, color] of known) expect(palette[index]).toEqual(color);
});

test('generated colours are valid and far from each other', () => {
  const colors = generatedPalette(60);
  for (const [i, a] of colors.entries()) {
    for (const v of a) expect(Number.isInteger(v) && v >= 0 && v <= 255).toBe(true);
    for (const b of colors.slice(0, i)) expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeGreaterThan(10);
  }
});

test('an overlay mixes colours by opacity and leaves values without a colour alone', () => {
  const image = { height: 1, width: 3, data: Uint8Array.of(0, 0, 0, 100, 100, 100, 9, 9, 9) };
  const labels = { id: 'a', height: 1, width: 3, data: Uint8Array.of(1, 1, 255) };
  const colors = new Map<number, Color>([[1, [200, 100, 0]]]);
  expect([...overlay(image, labels, { colors, opacity: 0.5 }).data]).toEqual([100, 50, 0, 150, 100, 50, 9, 9, 9]);
  expect([...paintLabels(labels, colors).data]).toEqual([200, 100, 0, 200, 100, 0, 0, 0, 0]);
  expect(() => overlay(image, { ...labels, height: 3, width: 1 }, { colors })).toThrow('labels of 3x1');
});

test('normalisation takes statistics in channel order', () => {
  const image = { height: 1, width: 1, data: Uint8Array.of(10, 20, 30) };
  const statistics = { mean: [1, 2, 3], std: [1, 2, 1] } as const;
  expect([...normalize(image, { channelOrder: 'rgb', ...statistics }).data]).toEqual([9, 9, 27]);
  expect([...normalize(image, { channelOrder: 'bgr', ...statistics }).data]).toEqual([29, 9, 7]);
});

test.skipIf(!haveFixtures)('ImageNet normalisation equals that of torchvision', async () => {
  const fixture = await openFixture('augment');
  const [, height, width] = fixture.json.tensors.elnResize.shape;
  const planes = fixture.values('elnResize');
  const plane = height * width;
  const data = Float32Array.from(planes, (_, i) => planes[(i % 3) * plane + Math.floor(i / 3)]);
  const got = normalize(
    { height, width, data },
    { channelOrder: 'rgb', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  );
  fixture.compare('elnNormalized', got);
});
