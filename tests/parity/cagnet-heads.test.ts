import { expect, test } from 'vitest';
import { generatorOf, headsOf } from './cagnet-networks.ts';
import { engineNames, engines, evaluate } from './evaluation.ts';
import { parity } from './fixture.ts';

await parity('cagnet-heads', (fixture) => {
  const inputs = { word: fixture.map('word'), z: fixture.map('z'), real: fixture.map('real') };
  const generator = generatorOf(fixture, inputs.word.shape[3]);
  const heads = headsOf(fixture);

  test('the classifier has as many logits as the settings say', () => {
    expect(heads.classifier.weight.shape[0]).toBe(fixture.setting('K1'));
  });

  test.each(engineNames)('generator and heads (%s)', async (engine) => {
    const { outputs } = await evaluate(await engines[engine](), {
      inputs,
      describe: (ops, { word, z, real }) => {
        const fake = generator.forward(ops, word, z);
        const [onFake, onReal] = [fake, real].map((features) => heads.forward(ops, features));
        return {
          outputs: {
            fake,
            gan: ops.sigmoid(onFake.realness),
            cls: onFake.logits,
            ganReal: ops.sigmoid(onReal.realness),
            clsReal: onReal.logits,
          },
        };
      },
    });
    for (const [name, values] of Object.entries(outputs)) fixture.expectMap(name, values);
  });
});
