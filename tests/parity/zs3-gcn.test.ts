import { SeedTree } from '@unseen/core';
import { Module, mmdLoss } from '@unseen/nn';
import { GraphGenerator, labelGraph, nodeFeatures, propagationMatrix } from '@unseen/synthesis';
import { Parameter } from '@unseen/tensor';
import { chooseGmmn, chooseGraph, gmmnLoss, gmmnSettings, graphSettings } from '@unseen/zero-shot';
import { describe, test } from 'vitest';
import { engineNames, engines, evaluate } from './evaluation.ts';
import { parity, type Tensor } from './fixture.ts';
import { channelsLast } from './layout.ts';
import { assignWeights, type FormulaWeights } from './weight-formula.ts';

/** A layer as the authors store it: weights [in, out]. */
class StoredLayer extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(inputs: number, outputs: number) {
    super();
    this.weight = new Parameter([inputs, outputs]);
    this.bias = new Parameter([outputs]);
  }
}

class StoredGenerator extends Module {
  readonly gcn1: StoredLayer;
  readonly gcn2: StoredLayer;

  constructor({ entries }: FormulaWeights) {
    super();
    const [first, second] = ['gcn1.weight', 'gcn2.weight'].map((name) => entries.find((entry) => entry.name === name)!);
    this.gcn1 = new StoredLayer(first.shape[0], first.shape[1]);
    this.gcn2 = new StoredLayer(second.shape[0], second.shape[1]);
  }
}

/** The generator of a fixture, with its weights. */
function generatorOf(weights: FormulaWeights, embedding: number): GraphGenerator {
  const stored = new StoredGenerator(weights);
  assignWeights(stored, weights, (name) => name);
  const layers = [stored.gcn1, stored.gcn2];
  const [inputs, hidden] = stored.gcn1.weight.shape;
  const [features] = stored.gcn2.bias.shape;
  const generator = new GraphGenerator({
    embedding,
    noise: inputs - embedding,
    hidden,
    features,
    seeds: new SeedTree(0),
  });
  generator.layers.forEach(({ linear, bias }, i) => {
    const [from, to] = layers[i].weight.shape;
    linear.weight.assign(
      linear.weight.values.map((_, at) => layers[i].weight.values[(at % from) * to + Math.floor(at / from)]),
    );
    bias.assign(layers[i].bias.values);
  });
  return generator;
}

await parity('zs3-gcn', (fixture) => {
  const [height, width] = fixture.setting<[number, number]>('grid');
  const choices = chooseGraph('official', graphSettings.parse({}));
  const graph = labelGraph(fixture.integers('labels').values, height, width);
  const table = fixture.tensor('embeddingTable');
  const [, embedding] = table.shape;
  const { shape, values } = fixture.tensor('feature');
  const features = channelsLast(values, [1, ...shape]);
  const real = nodeFeatures(features, graph, fixture.setting('avg_feat') ? 'mean' : choices.features);
  const words = Float32Array.from(
    [...graph.labels].flatMap((label) => {
      const row = label === 255 ? 0 : label;
      return [...table.values.slice(row * embedding, (row + 1) * embedding)];
    }),
  );

  test('regions, their labels, vectors and features, and which of them touch', () => {
    fixture.expectTensor('components', graph.nodes);
    fixture.expectTensor('nodeLabel', graph.labels);
    fixture.expectTensor('adjacency', graph.adjacency);
    fixture.expectTensor('nodeEmbedding', words);
    fixture.expectTensor('nodeFeature', real);
  });

  describe.each(engineNames)('%s', (name) => {
    test('the generator and its MMD loss', async () => {
      const { count } = graph;
      const generator = generatorOf(fixture.weights(), embedding);
      const { outputs } = await evaluate(await engines[name](), {
        inputs: {
          words: { shape: [count, embedding], values: words },
          noise: fixture.tensor('noise') as Tensor<Float32Array>,
          propagation: { shape: [count, count], values: propagationMatrix(graph, choices) },
          real: { shape: [count, real.length / count], values: real },
          rows: { shape: [1, count], values: Int32Array.from({ length: count }, (_, i) => i) },
        },
        describe: (ops, given) => {
          const fake = generator.forward(ops, given.words, given.noise, given.propagation);
          const mask = ops.constant(new Float32Array(count).fill(1), [1, count]);
          const mmd = chooseGmmn('official', gmmnSettings.parse({}), gmmnLoss.parse({}));
          return { outputs: { fake, mmd: mmdLoss(ops, fake, given.real, { indices: given.rows, mask }, mmd) } };
        },
      });
      fixture.expectTensor('fake', outputs.fake);
      fixture.expectValue('mmd_nodes', outputs.mmd[0]);
    });
  });
});
