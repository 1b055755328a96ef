import { createEagerEngine } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { Trunk } from '../features/trunk.ts';
import { labelledShare, PseudoLabeller, type PseudoLabellerOptions } from './pseudo-labeller.ts';

const engine = await createEagerEngine('cpu');

/** Logits are the input itself: one seen class and two unseen ones. */
const options: PseudoLabellerOptions = {
  segmenter: { logits: (_, h) => h },
  trunk: new Trunk({ channels: 3 }),
  frozen: true,
  input: { grids: [[2, 2]], channels: 3 },
  batch: 1,
  seen: 1,
  unseen: 2,
  rule: { mode: 'rank', topRanks: 1 },
  excludePadding: true,
};
// Seen, unseen 1, nothing at all, unseen 2.
const features = [Float32Array.from([5, 1, 1, 0, 3, 1, 0, 0, 0, 1, 0, 9])];
const nothing = new Int32Array(4).fill(255);

test('unlabelled pixels are labelled by the networks, the given labels stay as they are', async () => {
  const labeller = new PseudoLabeller(engine, options);
  const labels = [Int32Array.from([255, 0, 255, 255])];
  const labelled = await labeller.label({ inputs: features, labels });
  // Of equal scores none is above another: the third pixel is of the first unseen class too.
  expect([...labelled.labels[0]]).toEqual([255, 0, 1, 2]);
  expect(labelled.inputs).toBe(features);
  expect([...labels[0]]).toEqual([255, 0, 255, 255]);
  expect(labelledShare(labels[0], labelled.labels[0], 3)).toBeCloseTo(2 / 3);
  labeller.dispose();
});

test('pixels of an image that are 0 are padding, and stay unlabelled where they are to', async () => {
  const images = { size: [2, 2], scales: [] } as const;
  const label = async (excludePadding: boolean) => {
    const labeller = new PseudoLabeller(engine, { ...options, input: { ...options.input, images }, excludePadding });
    const { labels } = await labeller.label({ inputs: features, labels: [nothing] });
    labeller.dispose();
    return [...labels[0]];
  };
  expect(await label(true)).toEqual([255, 1, 255, 2]);
  expect(await label(false)).toEqual([255, 1, 1, 2]);
});

test('other scales take their labels from the full one, each image of a batch its own', async () => {
  const grids = [
    [2, 2],
    [1, 2],
  ] as const;
  const labeller = new PseudoLabeller(engine, { ...options, batch: 2, input: { grids, channels: 3 } });
  const both = [Float32Array.from([...features[0], 0, 0, 7, 0, 3, 1, 9, 0, 0, 9, 0, 0])];
  const labels = [new Int32Array(8).fill(255), new Int32Array(4).fill(255)];
  const labelled = await labeller.label({ inputs: both, labels });
  expect([...labelled.labels[0]]).toEqual([255, 1, 1, 2, 2, 1, 255, 255]);
  expect([...labelled.labels[1]]).toEqual([255, 1, 2, 1]);
  labeller.dispose();
});
