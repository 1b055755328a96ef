import { IGNORE } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ContiguousLabels } from './contiguous-labels.ts';

const labels = (data: Uint8Array | Uint16Array) => ({ id: 'a', height: 1, width: data.length, data });

test('channels follow the order of the split: seen, then unseen', () => {
  const map = new ContiguousLabels({ seen: [20, 3], unseen: [7] });
  expect(map.order).toEqual([20, 3, 7]);
  expect(map.channelOf(7)).toBe(2);
  expect(map.channelOf(8)).toBeUndefined();
  const raw = labels(Uint8Array.of(3, 7, 20, 0, 255, 8));
  expect([...map.toTrainChannels(raw).data]).toEqual([1, 255, 0, 255, 255, 255]);
  expect([...map.toTestChannels(raw).data]).toEqual([1, 2, 0, 255, 255, 255]);
});

test('raw ids come back from channels', () => {
  const ids = fc.uniqueArray(fc.integer({ min: 0, max: 0xfffe }), { minLength: 2, maxLength: 254 });
  fc.assert(
    fc.property(ids, fc.nat(), (order, cut) => {
      const n = 1 + (cut % (order.length - 1));
      const map = new ContiguousLabels({ seen: order.slice(0, n), unseen: order.slice(n) });
      const channels = labels(Uint8Array.from([...order.keys(), IGNORE]));
      const raw = map.toRaw(channels);
      const wide = Uint16Array.from(raw.data, (id, i) => (i === order.length ? 0xffff : id));
      expect([...wide]).toEqual([...order, 0xffff]);
      expect(map.toTestChannels(labels(wide)).data).toEqual(channels.data);
    }),
  );
});

test('splits that cannot be are refused', () => {
  expect(() => new ContiguousLabels({ seen: [1], unseen: [1] })).toThrow('both seen and unseen');
  expect(() => new ContiguousLabels({ seen: [1, 1], unseen: [] })).toThrow('listed twice');
  expect(() => new ContiguousLabels({ seen: [], unseen: [1] })).toThrow('without seen classes');
  const many = Array.from({ length: 65_536 }, (_, i) => i);
  expect(() => new ContiguousLabels({ seen: many, unseen: [] })).toThrow('at most 65535');
});

test('up to 255 classes keep 8 bits', () => {
  const ids = Array.from({ length: 256 }, (_, i) => i);
  const bits = (count: number) =>
    new ContiguousLabels({ seen: ids.slice(0, count), unseen: [] }).toTrainChannels(labels(Uint16Array.of(255))).data;
  expect(bits(255)).toEqual(Uint8Array.of(255));
  expect(bits(256)).toEqual(Uint16Array.of(255));
});
