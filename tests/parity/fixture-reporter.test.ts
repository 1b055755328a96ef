import { expect, test } from 'vitest';
import { fixtureLine } from './fixture-reporter.ts';

const ended = (fixture: string, state = 'passed') => ({ meta: () => ({ fixture }), result: () => ({ state }) });
const absent = (name: string) => ({ meta: () => ({ absentFixture: name }), result: () => ({ state: 'skipped' }) });
const other = { meta: () => ({}), result: () => ({ state: 'passed' }) };

test('fixtures that were compared, and those that were not there, by name', () => {
  expect(fixtureLine([ended('a'), other, absent('d'), absent('c'), ended('b')])).toBe(
    'Parity fixtures: 2 compared, 2 absent (c, d)',
  );
});

test('one whose numbers were not all compared, one that was filtered out', () => {
  expect(fixtureLine([ended('a', 'failed'), ended('b', 'skipped'), ended('c')])).toBe(
    'Parity fixtures: 1 compared, 1 compared in part (a), none absent',
  );
});

test('nothing about a run without fixtures', () => expect(fixtureLine([other])).toBeUndefined());
