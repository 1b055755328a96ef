import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { encodeRgbPng } from '@unseen/formats';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { readPanopticAnnotation, readPanopticMask, readPanopticObjects } from './panoptic.ts';

const ANNOTATION = {
  annotations: [
    {
      file_name: 'x.png',
      segments_info: [
        { id: 5, category_id: 2, iscrowd: 0 },
        { id: 70000, category_id: 300 },
      ],
    },
  ],
  categories: [
    { id: 2, isthing: 1 },
    { id: 300, isthing: 0 },
  ],
};
// Segments 5 and 70000 = 112 + 256 · 17 + 65536, and a pixel of none.
const MASK = encodeRgbPng({ height: 1, width: 3, data: Uint8Array.of(5, 0, 0, 112, 17, 1, 0, 0, 0) });

test('damaged annotations and masks are refused, or read as what they say', async () => {
  const folder = temporaryFolder();
  const [json, png] = [join(folder, 'panoptic.json'), join(folder, 'x.png')];
  const whole = JSON.stringify(ANNOTATION);
  const text = fc.tuple(
    fc.nat(whole.length - 1),
    fc.nat(12),
    fc.constantFrom('', '7', '-', '1e99', 'null', '{', '[[', '"x"'),
  );
  const byte = fc.tuple(fc.nat(MASK.length - 1), fc.nat(255));
  const both = { text: fc.option(text, { freq: 5 }), byte: fc.option(byte, { freq: 1 }) };
  let read = 0;
  await fc.assert(
    fc.asyncProperty(fc.record(both), async ({ text, byte }) => {
      const [at, length, put] = text ?? [0, 0, ''];
      await writeFile(json, whole.slice(0, at) + put + whole.slice(at + length));
      await writeFile(
        png,
        MASK.map((value, i) => (i === byte?.[0] ? byte[1] : value)),
      );
      try {
        const { segments, objects } = await readPanopticAnnotation(json);
        const classes = segments.get('x') ?? new Map();
        const { data } = await readPanopticMask(png, 'x', classes);
        const things = [...classes].filter(([id]) => objects?.get('x')?.has(id));
        const { items } = await readPanopticObjects(png, 'x', new Map(things));
        // JSON knows a category -0, which is 0.
        expect([...data]).toEqual([classes.get(5) + 0, classes.get(70000) + 0, 0xffff]);
        expect(items.length).toBe(things.length);
        read++;
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
    { numRuns: 300, examples: [[{ text: null, byte: null }]] },
  );
  expect(read).toBeGreaterThan(0);
}, 20_000);
