import { test } from 'vitest';
import { classVectorsOf, cagnetOf, choicesOf } from './cagnet-networks.ts';
import { engines, evaluate } from './evaluation.ts';
import { parity } from './fixture.ts';
await parity('cagnet-step1', (fixture) => {
  test('x', async () => {
    const rows = classVectorsOf(fixture);
    const model = cagnetOf(fixture, { choices: choicesOf(fixture), embedding: 600, unseen: 5 });
    const gt = fixture.integers('gt');
    const words = Float32Array.from([...gt.values].flatMap((l) => (l < 15 ? [...rows[l]] : Array(600).fill(0))));
    for (const e of ['onnxruntime', 'cpu'] as const) {
    const { outputs } = await evaluate(await engines[e](), { training: true, noise: [fixture.map('eps0').values],
      inputs: { h: fixture.map('h'), words: { shape: [2, 9, 9, 600], values: words } },
      describe: (ops, { h, words }) => {
        const { z } = model.contextual.forward(ops, h);
        let x = ops.concat([words, z], -1);
        const ys = model.generator.layers.slice(0, -1).map((layer, i) => { const y = layer.forward(ops, x); x = ops.leakyRelu(y, 0.2); return [`y${i}`, y] as const; });
        return { outputs: { z, ...Object.fromEntries(ys) } };
      } });
    const small: string[] = [];
    for (let l = 0; l < 5; l++) { const y = outputs[`y${l}`]; const n = y.length / 162; y.forEach((v, i) => { if (Math.abs(v) < 3e-6) small.push(`layer ${l} pixel ${Math.floor(i / n)} label ${gt.values[Math.floor(i / n)]} unit ${i % n}: ${v}`); }); }
    console.log(e, small.join('\n'));
    }
  });
});
