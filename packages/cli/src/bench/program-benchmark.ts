import type { SeedTree } from '@unseen/core';
import { adam, Optimizer, sgd } from '@unseen/nn';
import { createCompiledEngine } from '@unseen/onnx';
import { countFlops, type Engine, type Gradients, Parameter, type UpdateRule } from '@unseen/tensor';
import {
  type Benchmark,
  type BenchmarkDefinition,
  defineBenchmark,
  type PreparedBenchmark,
  type ProgramStep,
  type Tensor,
} from './benchmark.ts';
import { noiseShapes, RecordingStream } from './noise.ts';

/** So small that weights hardly change: every step has the same numbers to work with. */
const RATE = 1e-6;
const WEIGHT_DECAY = 5e-4;

/** A benchmark whose step is one compiled program and the updates by its gradients. */
export function programBenchmark<S extends object>(
  definition: Omit<BenchmarkDefinition<S>, 'prepare'> & { build(sizes: S, seeds: SeedTree): ProgramStep },
): Benchmark {
  const { build, ...rest } = definition;
  return defineBenchmark<S>({
    ...rest,
    async prepare(sizes, setting) {
      const { threads, profile = false, seeds } = setting;
      const { createEngine = async () => createCompiledEngine({ threads, profile }) } = setting;
      return prepareProgram(build(sizes, seeds), seeds, await createEngine());
    },
  });
}

function prepareProgram(step: ProgramStep, seeds: SeedTree, engine: Engine): PreparedBenchmark {
  const { program, feeds, frozen = false } = step;
  const executable = engine.compile(program, { frozen });
  const noise = seeds.child('noise');
  const random = noise.stream();
  const optimizers = new Map<string, Optimizer>();

  function update(loss: string, gradients: Gradients): void {
    if (!step.optimizer) return;
    let optimizer = optimizers.get(loss);
    if (!optimizer) {
      const rule = step.optimizer === 'sgd' ? sgd({ momentum: 0.9 }) : adam();
      optimizer = new Optimizer(engine, rule, [{ parameters: [...gradients.keys()], weightDecay: WEIGHT_DECAY }]);
      optimizers.set(loss, optimizer);
    }
    optimizer.step(gradients, RATE);
  }

  return {
    flops: countFlops(program),
    engine,

    async step() {
      const result = executable.run(feeds, random);
      for (const [loss, gradients] of Object.entries(result.gradients)) update(loss, gradients);
    },

    async check() {
      const recorded = new RecordingStream(noise.stream().state);
      const result = executable.run(feeds, recorded);
      const expected = new Map<string, Tensor>();
      for (const [name, shape] of Object.entries(executable.outputs)) {
        expected.set(`output.${name}`, { shape, values: (await result.read(name)).slice() });
      }
      for (const [loss, gradients] of Object.entries(result.gradients)) {
        for (const [name, gradient] of await readGradients(engine, gradients, step.weights)) {
          expected.set(`gradient.${loss}.${name}`, gradient);
        }
      }
      return { given: givenTensors(step, recorded.drawn), expected };
    },

    ...(executable.profile && { profile: executable.profile.bind(executable) }),

    async dispose() {
      for (const optimizer of optimizers.values()) optimizer.dispose();
      executable.dispose();
      engine.dispose();
    },
  };
}

function givenTensors({ program, feeds, weights, constants }: ProgramStep, drawn: readonly Float32Array[]) {
  return new Map<string, Tensor>([
    ...[...weights].map(([name, weight]) => [`weight.${name}`, weight] as const),
    ...Object.entries(program.inputs).map(
      ([name, { shape }]) => [`input.${name}`, { shape, values: feeds[name] }] as const,
    ),
    ...[...(constants ?? [])].map(([name, constant]) => [`input.${name}`, constant] as const),
    ...noiseShapes(program).map((shape, i) => [`noise.${i}`, { shape, values: drawn[i] }] as const),
  ]);
}

/** An update that makes the gradient of weights which are 0. */
const addGradient: UpdateRule = {
  name: 'add the gradient',
  slots: [],
  scalars: [],
  update: (ops, weights, gradient) => ({ weights: ops.add(weights, gradient), slots: {} }),
};

/** Gradients on the host, by the names of the weights that share their values. */
async function readGradients(engine: Engine, gradients: Gradients, weights: ProgramStep['weights']) {
  const names = new Map([...weights].map(([name, { values }]) => [values, name]));
  const adder = engine.updater(addGradient);
  const found = new Map<string, Tensor>();
  for (const [parameter, gradient] of gradients) {
    const target = new Parameter(parameter.shape);
    adder.apply(target, gradient, {}, {});
    await engine.pull([target]);
    found.set(names.get(parameter.values) ?? 'unknown', target);
  }
  adder.dispose();
  return found;
}
