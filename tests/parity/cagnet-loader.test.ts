import { type Augmentation, augment, normalize, resizeBilinear, resizeNearest } from '@unseen/vision';
import { expect, test } from 'vitest';
import { type Fixture, parity } from './fixture.ts';

/** An image [height, width, 3] as the loader's [3, height, width]. */
function planes({ data, height, width }: { data: ArrayLike<number>; height: number; width: number }): Float32Array {
  const plane = height * width;
  return Float32Array.from({ length: 3 * plane }, (_, i) => data[(i % plane) * 3 + Math.floor(i / plane)]);
}

/** RGB of the stored BGR bytes. */
function imageOf(fixture: Fixture) {
  const { shape, values } = fixture.tensor('image');
  const data = Uint8Array.from(values, (_, i) => values[i - (i % 3) + 2 - (i % 3)]);
  return { height: shape[0], width: shape[1], data };
}

await parity('cagnet-loader', (fixture) => {
  const [base, crop] = [fixture.setting<number>('base'), fixture.setting<number>('crop')];
  const mean = fixture.setting<[number, number, number]>('mean');
  const input = normalize(imageOf(fixture), { channelOrder: 'bgr', mean, std: [1, 1, 1] });
  const { shape, values: ids } = fixture.integers('label');
  const mask = { height: shape[0], width: shape[1], data: Uint8Array.from(ids) };
  const channelOf = fixture.integers('map').values;

  test.each(fixture.valueNames('train'))('%s', (name) => {
    const draw = fixture.value<{ scale: number; cropTop: number; cropLeft: number; flip: boolean }>(name);
    const choices: Augmentation = { scale: draw.scale, top: draw.cropTop, left: draw.cropLeft, flip: draw.flip };
    const { image, labels } = augment(input, mask, choices, { base, crop, profile: 'official' });
    fixture.expectTensor(`${name}_image`, planes(image));
    fixture.expectTensor(
      `${name}_label`,
      Int32Array.from(labels.data, (id) => channelOf[id]),
    );
    const { scale, top, left, flip } = choices;
    const scaledSide = Math.round(base * scale);
    fixture.expectValue(name, { scale, cropTop: top, cropLeft: left, flip, scaledSide });
  });

  test('the warp of test images; their label map also knows the unseen classes', () => {
    fixture.expectTensor('test_image', planes(resizeBilinear(input, base, base)));
    const warped = resizeNearest(mask, base, base).data;
    const wanted = fixture.integers('test_label').values;
    // The fixture has the map of training labels only: that of the test agrees where training knows the class, and
    // gives every other id one channel.
    const found = new Map<number, number>();
    warped.forEach((id, i) => {
      if (!found.has(id)) found.set(id, channelOf[id] === 255 ? wanted[i] : channelOf[id]);
    });
    fixture.expectTensor(
      'test_label',
      Int32Array.from(warped, (id) => found.get(id)!),
    );
    const unseen = [...found].filter(([id]) => channelOf[id] === 255 && found.get(id) !== 255);
    expect(new Set(unseen.map(([, channel]) => channel)).size).toBe(unseen.length);
  });

  // A difference between two ways of resizing, on the image of another fixture.
  fixture.leaveOut(['values/fxVersusDsizeMaxDiff']);
});
