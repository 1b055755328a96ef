import { UserError } from '@unseen/core';
import { expect, test } from 'vitest';
import { checkpointHook, type Hook } from './hooks.ts';
import { TrainingLoop } from './loop.ts';

const saver = (saved: number[]) =>
  checkpointHook({
    every: 4,
    save: async (iteration) => {
      saved.push(iteration);
      return `checkpoint-${iteration}`;
    },
  });

test('steps run in order; checkpoints are made when due and at the end, and what a hook emits reaches the others', async () => {
  const [steps, saved]: number[][] = [[], []];
  const emitted: string[] = [];
  const evaluation: Hook = {
    onStep: ({ iteration, emit }) => (iteration % 5 === 0 ? emit('evaluation', { hIoU: iteration }) : undefined),
  };
  const logger: Hook = {
    onScalars: ({ group, scalars }) => void (group === 'train' || emitted.push(`${group} ${scalars.hIoU}`)),
  };
  const loop = new TrainingLoop({
    iterations: 10,
    step: async (iteration) => {
      steps.push(iteration);
      return { loss: 1 / (iteration + 1) };
    },
    hooks: [saver(saved), evaluation, logger],
  });
  expect(await loop.run()).toBe('completed');
  expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(saved).toEqual([4, 8, 10]);
  expect(emitted).toEqual(['evaluation 5', 'evaluation 10']);
});

test('losses that have to be fetched are fetched when they are due, at the end and when it is interrupted', async () => {
  const run = async (stopAt: number) => {
    const [fetched, logged, shown]: number[][] = [[], [], []];
    const abort = new AbortController();
    const loop = new TrainingLoop({
      iterations: 8,
      signal: abort.signal,
      reads: ({ iteration }) => iteration % 3 === 0,
      async step(iteration) {
        if (iteration === stopAt) abort.abort();
        return async () => ({ loss: fetched.push(iteration) });
      },
      hooks: [
        {
          onScalars: ({ iteration }) => void logged.push(iteration),
          onStep: ({ scalars }) => void shown.push(scalars.loss ?? 0),
        },
      ],
    });
    await loop.run();
    return { fetched, logged, shown };
  };
  expect(await run(-1)).toEqual({ fetched: [2, 5, 7], logged: [3, 6, 8], shown: [0, 0, 1, 1, 1, 2, 2, 3] });
  expect(await run(3)).toEqual({ fetched: [2, 3], logged: [3, 4], shown: [0, 0, 1, 2] });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('a loss of %d stops and names what is left', async (bad) => {
  const saved: number[] = [];
  const ends: string[] = [];
  const spy: Hook = { onEnd: ({ outcome }) => void ends.push(outcome) };
  const loop = new TrainingLoop({
    iterations: 10,
    step: async (iteration) => ({ generator: 1, discriminator: iteration === 6 ? bad : 1 }),
    hooks: [saver(saved), spy],
  });
  const error = await loop.run().catch((e) => e);
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toContain(`the loss 'discriminator' is ${bad} at iteration 6`);
  expect(error.message).toContain('checkpoint-4');
  expect([saved, ends]).toEqual([[4], ['failed']]);
});

test('a resumed run that fails before its first checkpoint names the one that it began with', async () => {
  const hook = checkpointHook({
    every: 4,
    save: async (iteration) => `checkpoint-${iteration}`,
    resumed: { path: 'checkpoint-before', iteration: 4 },
  });
  const loop = new TrainingLoop({ iterations: 10, start: 4, step: async () => ({ loss: Number.NaN }), hooks: [hook] });
  await expect(loop.run()).rejects.toThrow('of iteration 4, is checkpoint-before');
});

test('an interruption ends after the iteration under way and saves it', async () => {
  const saved: number[] = [];
  const controller = new AbortController();
  const loop = new TrainingLoop({
    iterations: 10,
    signal: controller.signal,
    step: async (iteration) => {
      if (iteration === 5) controller.abort();
      return { loss: 1 };
    },
    hooks: [saver(saved)],
  });
  expect(await loop.run()).toBe('interrupted');
  expect(saved).toEqual([4, 6]);
  expect(loop.iteration).toBe(6);
});

test('every hook hears of the end, and an error of one is not lost', async () => {
  const ends: string[] = [];
  const broken: Hook = { onEnd: () => Promise.reject(new Error('disk')) };
  const spy: Hook = { onEnd: ({ outcome }) => void ends.push(outcome) };
  const loop = new TrainingLoop({ iterations: 1, step: async () => ({ loss: 1 }), hooks: [broken, spy] });
  await expect(loop.run()).rejects.toThrow('disk');
  expect(ends).toEqual(['completed']);
});

test('a start beyond the end is refused', () => {
  const step = async () => ({});
  expect(() => new TrainingLoop({ iterations: 5, start: 6, step })).toThrow(UserError);
  expect(() => new TrainingLoop({ iterations: 1.5, step })).toThrow(UserError);
});
