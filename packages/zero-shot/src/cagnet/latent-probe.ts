import type { LabelledBatches, StageContext, Trunk } from '@unseen/experiment';
import { contentLoss, type Hook, isDue, klDivergence, labelMask, readScalars } from '@unseen/nn';
import type { ClassVectors } from '@unseen/synthesis';
import type { Program } from '@unseen/tensor';
import type { Networks } from '../generative/generative-method.ts';
import type { Cagnet } from './networks.ts';

/** Sizes of {@link latentProbe}. */
export interface LatentProbeOptions {
  readonly model: Cagnet;
  readonly trunk: Trunk;
  readonly vectors: ClassVectors;
  readonly batch: number;
  /** Size and channels of what the trunk is given. */
  readonly input: readonly [number, number, number];
  /** Of the feature map. */
  readonly grid: readonly [number, number];
}

/**
 * Measures whether the latent code carries context: the squared error of features regenerated from μ (`known`) and from
 * z ~ N(0, I) (`random`), and the KL term. Where both errors are equal the generator ignores the code (posterior collapse).
 */
export function latentProbe(options: LatentProbeOptions): Program {
  const { model, trunk, vectors, batch, input, grid } = options;
  return {
    name: 'cagnet/latent-probe',
    inputs: {
      features: { shape: [batch, ...input], dtype: 'float32' },
      labels: { shape: [batch, ...grid], dtype: 'int32' },
    },
    describe: (ops, { features, labels }) => {
      const context = model.contextualize(ops, trunk.forward(ops, features));
      const mask = labelMask(ops, labels, vectors.classes);
      const words = vectors.lookUp(ops, labels);
      const errorFrom = (latent: typeof words) =>
        contentLoss(ops, 'mse', model.generator.forward(ops, words, latent), context.features, { mask });
      return {
        outputs: {
          known: errorFrom(context.mu),
          random: errorFrom(ops.normal(ops.shape(context.mu))),
          kl: klDivergence(ops, context.mu, context.logVariance, mask),
        },
      };
    },
  };
}

/** Below this relative gain of a known over a random code the log says that the code has collapsed. */
export const COLLAPSE_GAIN = 0.02;

/** Whether the latent code is ignored by the generator. */
export function hasCollapsed(probe: { readonly known: number; readonly random: number }): boolean {
  return probe.random - probe.known < COLLAPSE_GAIN * probe.random;
}

/** Runs the {@link latentProbe} on the current batch every few iterations and warns, once, of a collapsed code. */
export function probeHook(
  context: StageContext,
  networks: Pick<Networks<Cagnet>, 'trunk' | 'vectors' | 'input' | 'model'>,
  batches: LabelledBatches,
  { batch, checkpointEvery: every }: { readonly batch: number; readonly checkpointEvery: number },
): Hook {
  const { model, trunk, vectors, input } = networks;
  const [grid] = input.grids;
  const shape = [...(input.images?.size ?? grid), input.channels] as const;
  const probe = context.engine.compile(latentProbe({ model, trunk, vectors, batch, grid, input: shape }));
  const seeds = context.seeds.child('train').child('probe');
  let warned = false;
  return {
    async onStep(event) {
      if (!isDue(event, every)) return;
      // A stream of its own for each probe: a resumed run logs what an uninterrupted one does.
      const random = seeds.child(event.iteration).stream();
      const result = probe.run({ features: batches.inputs[0], labels: batches.labels[0] }, random);
      const found = await readScalars(probe, result);
      await event.emit('latent', { KL: found.kl, latentGap: found.random - found.known });
      if (warned || !hasCollapsed({ known: found.known, random: found.random })) return;
      warned = true;
      const warning =
        `the latent code carries no context at iteration ${event.iteration}: regenerated features are as far off with it ` +
        `(${found.known.toPrecision(3)}) as with a random one (${found.random.toPrecision(3)}); lower weights.kl`;
      context.log({ iteration: event.iteration, warning });
      context.progress.warn(warning);
    },
    onEnd: () => probe.dispose(),
  };
}
