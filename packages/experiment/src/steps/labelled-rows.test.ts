import fc from 'fast-check';
import { expect, it } from 'vitest';
import { labelledRows, rowCapacities } from './labelled-rows.ts';

it('keeps every labelled position in reading order and ignores the filling', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(0, 1, 2, 3, 255), { minLength: 1, maxLength: 60 }), (raw) => {
      const labels = Int32Array.from(raw);
      const [capacity] = rowCapacities([labels], 3);
      expect(capacity).toBeLessThanOrEqual(labels.length);
      const rows = labelledRows(labels, 3, capacity);
      const expected = raw.flatMap((label, i) => (label < 3 ? [[i, label]] : []));
      const found = [...rows.positions].map((p, i) => [p, rows.labels[i]]);
      expect(found.slice(0, expected.length)).toEqual(expected);
      expect(found.slice(expected.length).every(([position, label]) => raw[position] >= 3 && label === 255)).toBe(true);
      expect(new Set(rows.positions).size).toBe(capacity);
    }),
  );
});

it('asks for few different capacities', () => {
  const capacities = new Set(
    Array.from({ length: 801 }, (_, n) => rowCapacities([new Int32Array(800).fill(255).fill(0, 0, n)], 1)[0]),
  );
  expect([...capacities]).toEqual([100, 200, 300, 400, 500, 600, 700, 800]);
});

it('uses the same share at every scale, that of the fullest', () => {
  const full = new Int32Array(80).fill(255).fill(0, 0, 15);
  const half = new Int32Array(40).fill(255).fill(0, 0, 18);
  expect(rowCapacities([full, half], 1)).toEqual([40, 20]);
});
