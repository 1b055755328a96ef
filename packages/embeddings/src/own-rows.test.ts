import { expect, test } from 'vitest';
import { requireOwnRows } from './own-rows.ts';

const table = { name: 'stuff', ids: [0, 1, 2, 7], names: ['person', 'dining table', 'horse', 'tvmonitor'] };

test('rows of their own names, and names that the table does not know', () => {
  const classes = [
    { id: 5, name: 'Dining_Table', wordRow: 1 },
    { id: 2, name: 'horse' },
    { id: 7, name: 'tv' },
    { id: 9, name: 'person', wordRow: 20 },
  ];
  requireOwnRows(table, classes);
  requireOwnRows({ ...table, names: ['horse', 'dining table', 'horse', 'tv'] }, classes);
});

test('rows of other names whose own row is elsewhere are told', () => {
  const classes = [
    { id: 1, name: 'person' },
    { id: 7, name: 'horse' },
  ];
  expect(() => requireOwnRows(table, classes)).toThrow(
    "'person' would get the vector of 'dining table' (row 1 instead of 0); 'horse' would get the vector of 'tvmonitor' (row 7 instead of 2);",
  );
});
