import { expect, test } from 'vitest';
import { interruptSignal } from './interrupt.ts';

test('the first Ctrl-C aborts, and the second one is left to the process', () => {
  const before = process.listenerCount('SIGINT');
  const { signal, release } = interruptSignal();
  expect([signal.aborted, process.listenerCount('SIGINT')]).toEqual([false, before + 1]);
  process.emit('SIGINT', 'SIGINT');
  expect([signal.aborted, process.listenerCount('SIGINT')]).toEqual([true, before]);
  release();
  expect(process.listenerCount('SIGTERM')).toBe(before);
});
