// A method that only draws and sums random numbers, in checkpointed steps; no network. It kills its process at step $KILL_AT.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { writeJsonAtomic } from '@unseen/core';
import { defineMethod, defineStage, filesOf, jsonFile } from '@unseen/experiment';
import { ConfusionMatrix, segmentationMetrics } from '@unseen/metrics';
import { z } from 'zod';

export const count = defineMethod({
  name: 'count',
  summary: 'sums random numbers',
  task: 'none',
  settings: z.strictObject({
    count: z.strictObject({
      to: z.int().positive(),
      pause: z.number().default(0),
      metrics: z.boolean().default(false),
    }),
  }),
  pipeline: (config) => {
    const sum = defineStage({
      name: 'sum',
      settings: config.count,
      makes: jsonFile('sum.json'),
      async run({ seeds, resume, checkpoints, folder, log, progress, signal }) {
        const path = join(checkpoints, 'last.json');
        const random = seeds.child('sum').stream();
        let state = { step: 0, sum: 0, random: random.state };
        if (resume && existsSync(path)) state = JSON.parse(readFileSync(path, 'utf8'));
        random.state = state.random;
        await log.rewind(state.step);
        while (state.step < config.count.to) {
          state = { step: state.step + 1, sum: state.sum + random.normal(), random: random.state };
          log({ iteration: state.step, losses: { sum: state.sum } });
          if (state.step === Number(process.env.KILL_AT)) process.kill(process.pid, 'SIGKILL');
          if (state.step % 4 === 0) await writeJsonAtomic(path, state);
          if (config.count.pause > 0) await setTimeout(config.count.pause);
          await progress.update(state.step, config.count.to, `sum ${state.sum.toFixed(2)}`);
          signal.throwIfAborted();
        }
        await writeJsonAtomic(folder.file('sum.json'), state.sum);
      },
    });
    const evaluate = defineStage({
      name: 'evaluate',
      settings: config.evaluate,
      needs: { sum },
      makes: filesOf(...(config.count.metrics ? ['metrics.json'] : [])),
      async run({ folder }) {
        if (!config.count.metrics) return;
        const matrix = new ConfusionMatrix(2);
        matrix.add(new Uint8Array([0, 0, 1, 1]), new Uint8Array([0, 0, 1, 0]));
        const classes = [
          { id: 1, name: 'cat', group: 'seen' },
          { id: 2, name: 'lynx', group: 'unseen' },
        ];
        const metrics = segmentationMetrics(matrix, { classes, resolution: config.evaluate.resolution });
        await writeJsonAtomic(folder.file('metrics.json'), {
          methods: { count: metrics },
          protocol: { dataset: 'none' },
        });
      },
    });
    return [sum, evaluate];
  },
});
