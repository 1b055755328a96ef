import { ClassVectors, labelPrior, unseenProbabilityOfRate } from '@unseen/synthesis';
import { syntheticOptions, syntheticStep } from '@unseen/zero-shot';
import { expect, test } from 'vitest';
import { cagnetOf, choicesOf, classVectorsOf } from './cagnet-networks.ts';
import { compile, engines, evaluate } from './evaluation.ts';
import { parity } from './fixture.ts';
import { jittered } from './gradient-checks.ts';
import { accuracy } from './labels.ts';
import { generatorName, headsName } from './state-names.ts';

/** Seen and unseen channels behind `count` logits, of which the last is dead (CG-11). */
const classes = (count: number, unseen: number) => ({ seen: count - 1 - unseen, unseen });

/** The number behind a name in a text: `U=5`. */
function stated(text: string, name: string): number {
  const found = text.split(/\s+/).find((part) => part.startsWith(`${name}=`));
  if (!found) throw new Error(`'${text}' states no ${name}`);
  return Number(found.slice(name.length + 1));
}

await parity('cagnet-step2', (fixture) => {
  const engine = engines.onnxruntime();
  const unseen = fixture.setting<number>('unseen');
  const rate = fixture.setting<number>('gen_unseen_rate');
  const transfer = {
    heads: fixture.setting<number>('lambda_D_cls_fake_transfer'),
    generator: fixture.setting<number>('lambda_G_cls_transfer'),
  };
  const vectors = new ClassVectors(classVectorsOf(fixture));
  const choices = choicesOf(fixture);
  const model = cagnetOf(fixture, { choices, embedding: vectors.dimension, unseen, contextual: false });
  const noise = fixture.map('noise');
  const channels = noise.shape[3];
  const labels = fixture.integers('labels').values;
  const sizes = { vectors, draws: labels.length, latent: channels, transfer };
  const step = syntheticStep({ ...syntheticOptions(model, 'official'), ...sizes });
  const inputs = { labels: { shape: [labels.length], values: labels } };

  test('the prior of the labels (CG-9)', () => {
    const counts = classes(fixture.setting('K1'), unseen);
    const unseenProbability = unseenProbabilityOfRate({ ...counts, rate });
    fixture.expectValue('prior', labelPrior({ ...counts, unseenProbability }));
  });

  test.each(fixture.valueNames('prior_'))('%s', (name) => {
    const text = fixture.meaning(name);
    const counts = classes(stated(text, 'K+1'), stated(text, 'U'));
    const sumUnseen = unseenProbabilityOfRate({ ...counts, rate: stated(text, 'rate') });
    const prior = labelPrior({ ...counts, unseenProbability: sumUnseen });
    expect(prior.length).toBe(counts.seen + counts.unseen);
    fixture.expectValue(name, { seen: prior[0], unseen: prior[prior.length - 1], sumUnseen });
  });

  test('losses, and what they are made of', async () => {
    const { outputs } = await evaluate(await engine, {
      inputs,
      training: true,
      noise: [noise.values],
      describe: (ops, values) => step.describe(ops, values),
    });
    const { outputs: insides } = await evaluate(await engine, {
      inputs: { ...inputs, noise: { shape: [labels.length, channels], values: noise.values } },
      describe: (ops, values) => {
        const synthetic = model.generator.forward(ops, vectors.lookUp(ops, values.labels), values.noise);
        return { outputs: { synthetic, logits: model.heads.forward(ops, synthetic).logits } };
      },
    });
    fixture.expectSummary('predict', insides.synthetic);
    fixture.expectValue('losses', {
      flag: 1,
      G_cls: transfer.generator * outputs.classify[0],
      G: outputs.generator[0],
      D_cls_fake: transfer.heads * outputs.classify[0],
      D_cls: outputs.heads[0],
      D: outputs.heads[0],
      cls_fake: outputs.classify[0],
      acc_fake: accuracy(insides.logits, labels),
    });
  });

  test('gradients; the discriminator has none (CG-8)', async () => {
    const executable = compile(await engine, { inputs, training: true, describe: step.describe });
    await fixture.expectGradients(fixture.gradientNames(), async (attempt) => {
      const { gradients } = await executable.run(inputs, [jittered(noise.values, attempt, 'noise')]);
      return (name) => {
        const [group, tensor] = name.split('/');
        const [loss, module, rename] =
          group === 'D'
            ? (['heads', model.heads, headsName] as const)
            : (['generator', model.generator, generatorName] as const);
        const parameter = module.namedParameters().get(rename(tensor));
        return parameter && gradients[loss].get(parameter);
      };
    });
    executable.dispose();
  });
});
