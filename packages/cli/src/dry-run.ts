import type { DryRun, Experiment } from '@unseen/experiment';
import type { Engine } from '@unseen/tensor';
import { duration } from './progress.ts';
import { textTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { bytesText } from './verbs/features-extract.ts';

/** Looks at an experiment without running it, and prints what was found. */
export async function printDryRun(experiment: Experiment, terminal: Terminal): Promise<DryRun> {
  const { createEngineFor, dryRun } = await import('@unseen/experiment');
  const engine = await createEngineFor(experiment.config.backend, terminal.progress.warn, experiment.config);
  try {
    const speed = await bestProduct(engine);
    const found = await dryRun(experiment, engine, speed);
    terminal.print(textTable(summary(found)));
    const { stages } = found;
    if (stages.length > 0)
      terminal.print(
        `\n${textTable(costs(stages))}\n\nTimes are those of the products alone at ${giga(speed)}/s, this machine's best.`,
      );
    else terminal.print(`\n${experiment.method.name} cannot estimate the cost of its stages.`);
    return found;
  } finally {
    engine.dispose();
  }
}

function summary({ classes, data, vectors, backbone, maps, features }: DryRun): string[][] {
  const rows: string[][] = [];
  if (classes) rows.push(['classes', `${classes.seen} seen, ${classes.unseen} unseen`]);
  if (vectors !== undefined)
    rows.push(['class vectors', typeof vectors === 'string' ? vectors : `${vectors} numbers each`]);
  if (backbone)
    rows.push(['backbone', `${backbone.name}, ${millions(backbone.parameters)} weights: ${backbone.weights}`]);
  if (maps) rows.push(['maps', maps.map((map) => map.join('×')).join(', ')]);
  if (features) rows.push(['stored features', `${bytesText(features.bytes)}, ${duration(1000 * features.seconds)}`]);
  if (typeof data === 'string') return [...rows, ['images', data]];
  const { report, train, val } = data;
  const unseen = report.support.filter(({ group }) => group === 'unseen');
  return [
    ...rows,
    ['images', `${train} for training, ${val} for the evaluation`],
    ...unseen.map(({ name, val: { pixels, images } }) => [
      `unseen: ${name}`,
      `${pixels} test pixels in ${images} images`,
    ]),
    ...report.problems.map((problem) => ['problem', problem]),
  ];
}

function costs(stages: DryRun['stages']): string[][] {
  return [
    ['stage', 'iterations', 'operations each', 'time', 'weights', 'activations'],
    ...stages.map(({ stage, iterations, flops, seconds, parameters, activations }) => [
      stage,
      String(iterations),
      giga(flops),
      duration(1000 * seconds),
      millions(parameters),
      bytesText(activations),
    ]),
  ];
}

const giga = (operations: number) => `${(operations / 1e9).toPrecision(3)} G`;
const millions = (count: number) => `${(count / 1e6).toPrecision(3)} M`;

/** Operations a second of a product of two matrices 1024×1024, the best of a few. */
async function bestProduct(engine: Engine): Promise<number> {
  const side = 1024;
  const shape = [side, side] as const;
  const executable = engine.compile({
    name: 'product',
    inputs: { a: { shape, dtype: 'float32' }, b: { shape, dtype: 'float32' } },
    describe: (ops, { a, b }) => ({ outputs: { product: ops.matMul(a, b) } }),
  });
  const matrix = new Float32Array(side * side).fill(0.5);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    await executable.run({ a: matrix, b: matrix }).read('product');
    best = Math.min(best, performance.now() - began);
  }
  executable.dispose();
  return (2 * side ** 3) / (best / 1000);
}
