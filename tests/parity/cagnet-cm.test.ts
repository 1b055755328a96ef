import { klDivergence } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { test } from 'vitest';
import { contextualModule } from './cagnet-networks.ts';
import { engines, evaluate } from './evaluation.ts';
import { parity } from './fixture.ts';

await parity('cagnet-cm', (fixture) => {
  const module = contextualModule(fixture);
  const mask = { shape: fixture.tensor('mask').shape, values: Float32Array.from(fixture.tensor('mask').values) };
  const inputs = { h: fixture.map('h'), mask, nothing: { ...mask, values: mask.values.map(() => 0) } };

  /** The maps between the layers, which the module itself keeps to itself. */
  function insides<V>(ops: Ops<V>, h: V, selection: V): Record<string, V> {
    const contexts: V[] = [];
    for (const convolution of module.contexts) {
      contexts.push(ops.relu(convolution.forward(ops, contexts.at(-1) ?? ops.sigmoid(h))));
    }
    const named = Object.fromEntries(contexts.map((context, i) => [`contextual${i + 1}`, context]));
    const pooled = module.pool.forward(ops, module.selector.weigh(ops, contexts, selection));
    return { ...named, contextualpool: ops.relu(pooled) };
  }

  test('a Gaussian code from contexts, z = μ in evaluation', async () => {
    const { outputs } = await evaluate(await engines.onnxruntime(), {
      inputs,
      describe: (ops, { h, mask, nothing }) => {
        const { features, selection, z, mu, logVariance } = module.forward(ops, h);
        const kl = klDivergence(ops, mu, logVariance, mask);
        const none = klDivergence(ops, mu, logVariance, nothing);
        const maps = insides(ops, h, selection);
        return { outputs: { ...maps, features, selection, z, mu, logvar: logVariance, kl, none } };
      },
    });
    for (const name of ['contextual1', 'contextual2', 'contextual3', 'contextualpool', 'mu', 'logvar']) {
      fixture.expectSummary(name, outputs[name]);
    }
    fixture.expectMap('A', outputs.selection);
    fixture.expectMap('X_eval', outputs.features);
    fixture.expectMap('z_eval', outputs.z);
    fixture.expectValue('KLD', outputs.kl[0]);
    fixture.expectValue('KLD_emptyMask', outputs.none[0]);
  });

  test('z is drawn in training', async () => {
    const { outputs } = await evaluate(await engines.onnxruntime(), {
      inputs: { h: inputs.h, mask },
      training: true,
      noise: [fixture.map('eps').values],
      describe: (ops, { h, mask }) => {
        const { features, z, mu, logVariance } = module.forward(ops, h);
        return { outputs: { features, z, kl: klDivergence(ops, mu, logVariance, mask) } };
      },
    });
    fixture.expectMap('X_train', outputs.features);
    fixture.expectMap('z_train', outputs.z);
    fixture.expectValue('KLD_train', outputs.kl[0]);
  });
});
