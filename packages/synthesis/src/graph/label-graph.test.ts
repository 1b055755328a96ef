import fc from 'fast-check';
import { expect, test } from 'vitest';
import { labelGraph, nodeFeatures, propagationMatrix } from './label-graph.ts';

const maps = fc
  .record({ height: fc.integer({ min: 1, max: 6 }), width: fc.integer({ min: 1, max: 6 }) })
  .chain(({ height, width }) =>
    fc.record({
      height: fc.constant(height),
      width: fc.constant(width),
      labels: fc.array(fc.constantFrom(0, 1, 255), { minLength: height * width, maxLength: height * width }),
    }),
  );

/** Regions by relabelling neighbours with the smaller number until nothing changes. */
function naiveRegions(labels: readonly number[], height: number, width: number): number[] {
  const region = labels.map((_, i) => i);
  const touch = (a: number, b: number) =>
    Math.abs(Math.floor(a / width) - Math.floor(b / width)) <= 1 && Math.abs((a % width) - (b % width)) <= 1;
  for (let changed = true; changed; ) {
    changed = false;
    for (let a = 0; a < height * width; a++) {
      for (let b = 0; b < height * width; b++) {
        if (touch(a, b) && labels[a] === labels[b] && region[b] < region[a]) {
          region[a] = region[b];
          changed = true;
        }
      }
    }
  }
  return region;
}

test('regions are those of a naive flood fill, numbered by their first pixels', () => {
  fc.assert(
    fc.property(maps, ({ height, width, labels }) => {
      const graph = labelGraph(labels, height, width);
      const naive = naiveRegions(labels, height, width);
      const firsts = [...new Set(naive)].sort((a, b) => a - b);
      expect([...graph.firstPixels]).toEqual(firsts);
      expect([...graph.nodes]).toEqual(naive.map((first) => firsts.indexOf(first)));
      expect([...graph.labels]).toEqual(firsts.map((first) => labels[first]));
    }),
  );
});

test('regions are adjacent where two of their pixels touch', () => {
  fc.assert(
    fc.property(maps, ({ height, width, labels }) => {
      const { adjacency, count, nodes } = labelGraph(labels, height, width);
      const expected = new Float32Array(count * count);
      for (let a = 0; a < nodes.length; a++) {
        for (let b = 0; b < nodes.length; b++) {
          const dy = Math.abs(Math.floor(a / width) - Math.floor(b / width));
          const dx = Math.abs((a % width) - (b % width));
          if (nodes[a] !== nodes[b] && Math.max(dx, dy) <= 1) expected[nodes[a] * count + nodes[b]] = 1;
        }
      }
      expect(adjacency).toEqual(expected);
    }),
  );
});

// Two regions: the left column, and the rest.
const graph = labelGraph([1, 0, 0, 1, 0, 0], 2, 3);

test('a region is described by its first pixel or by the mean of all', () => {
  const features = Float32Array.from([1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60]);
  expect([...nodeFeatures(features, graph, 'first')]).toEqual([1, 10, 2, 20]);
  expect([...nodeFeatures(features, graph, 'mean')]).toEqual([2.5, 25, 4, 40]);
});

test('propagation with and without self loops, normalised by degrees, and filled up', () => {
  const matrix = (selfLoops: boolean, normalize: boolean, capacity = 2) => [
    ...propagationMatrix(graph, { selfLoops, normalize, capacity }),
  ];
  expect(matrix(false, false)).toEqual([0, 1, 1, 0]);
  expect(matrix(true, false)).toEqual([1, 1, 1, 1]);
  expect(matrix(true, true)).toEqual([0.5, 0.5, 0.5, 0.5].map(Math.fround));
  expect(matrix(false, false, 3)).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 0]);
  expect(() => matrix(false, false, 1)).toThrow('2 nodes do not fit into 1');
});

test('rows of a normalised chain weigh neighbours by both degrees', () => {
  const chain = labelGraph([0, 1, 2], 1, 3);
  const matrix = propagationMatrix(chain, { selfLoops: false, normalize: true });
  const edge = Math.fround(1 / Math.sqrt(2));
  expect([...matrix]).toEqual([0, edge, 0, edge, 0, edge, 0, edge, 0]);
});
