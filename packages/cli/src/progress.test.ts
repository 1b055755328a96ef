import { expect, test } from 'vitest';
import { duration, TerminalProgress } from './progress.ts';

function drawn(redraw: boolean) {
  const clock = { now: 0 };
  const written: string[] = [];
  const progress = new TerminalProgress({
    write: (text) => written.push(text),
    redraw,
    now: () => clock.now,
    width: () => 60,
  });
  return { clock, written, progress };
}

test('in a file: one line every five seconds, with the time to go of the pace since this process began', () => {
  const { clock, written, progress } = drawn(false);
  progress.stage('train', 'start', { index: 1, count: 3 });
  for (let step = 20; step <= 100; step++) {
    progress.update(step, 100, 'loss 1.5');
    clock.now += 200;
  }
  progress.stage('train', 'done', { index: 1, count: 3 });
  expect(written).toEqual([
    '[2/3] train\n',
    '[2/3] train   45 %  45/100  loss 1.5  11 s to go\n',
    '[2/3] train   70 %  70/100  loss 1.5  6.0 s to go\n',
    '[2/3] train   95 %  95/100  loss 1.5  1.0 s to go\n',
    '[2/3] train: done in 16 s\n',
  ]);
});

test('on a terminal: one line drawn again, cut to the width, removed before anything else is written', () => {
  const { clock, written, progress } = drawn(true);
  progress.stage('features', 'start', { index: 0, count: 3 });
  progress.update(1, 10, 'x'.repeat(100));
  progress.update(2, 10);
  clock.now = 150;
  progress.update(3, 10);
  progress.warn('careful');
  expect(written).toHaveLength(4);
  expect(written[0]).toHaveLength('\r\u001b[2K'.length + 59);
  expect(written[1]).toBe('\r\u001b[2K[1/3] features   30 %  3/10  0.5 s to go');
  expect(written.slice(2)).toEqual(['\r\u001b[2K', 'warning: careful\n']);
});

test.each([
  [800, '0.8 s'],
  [59_600, '1 min 00 s'],
  [185_000, '3 min 05 s'],
  [7_800_000, '2 h 10 min'],
])('%i ms is %s', (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});
