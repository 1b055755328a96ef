import { join } from 'node:path';
import type { LabelMap } from '@unseen/core';
import { ContiguousLabels, guardTraining } from '@unseen/data';
import {
  openProtocol,
  runTraining,
  type Stage,
  type StageContext,
  stageWeights,
  type ZeroShotProtocol,
} from '@unseen/experiment';
import {
  CategoryPatchGenerator,
  generatedShare,
  labelPrior,
  mixPatches,
  PatchSampler,
  patchStep,
  purePatches,
  unseenProbabilityOf,
  writePatchFile,
} from '@unseen/synthesis';
import { resizeNearest } from '@unseen/vision';
import { BatchNormStep } from '../../batch-norm-step.ts';
import { optimizersOf, scheduledOptimizer } from '../../optimization.ts';
import type { CagnetConfig } from '../setup.ts';
import { PatchBatches } from './patch-batches.ts';
import type { PatchSettings } from './settings.ts';

/** A checked configuration of patch-wise CaGNet. */
export type CagnetPatchConfig = CagnetConfig & { readonly patches: PatchSettings };

/** Where the patches of a fine-tuning lie in a run folder. */
export function patchFiles(stage: string, { files }: PatchSettings): string[] {
  return Array.from({ length: files }, (_, i) => join('patches', stage, `${String(i).padStart(4, '0')}.safetensors`));
}

/** The stages that are fine-tuned with patches, and their settings. */
function finetunings({ finetune, finetune2 }: CagnetPatchConfig) {
  return [['finetune', finetune] as const, ...(finetune2 ? [['finetune-2', finetune2] as const] : [])];
}

/**
 * Learns how categories lie side by side in the label maps of seen classes, samples patches of mostly unseen categories,
 * mixes them with patches of a single class, and leaves files of them for each fine-tuning (spec §8.3-8.5).
 */
export function patchesStage(config: CagnetPatchConfig, uses: readonly string[]): Stage {
  const { patches } = config;
  return {
    name: 'patches',
    // The share of unseen classes among pure patches is that of the fine-tuning.
    uses: [...uses, 'finetune', 'finetune2'],
    outputs: [stageWeights('patches'), ...finetunings(config).flatMap(([stage]) => patchFiles(stage, patches))],
    run: async (context) => {
      const protocol = await openProtocol(config);
      const seeds = context.seeds.child('patches');
      const { vectors } = protocol;
      const generator = new CategoryPatchGenerator({ vectors, ...patches.network, seeds: seeds.child('generator') });
      await trainGenerator(context, config, protocol, generator);
      await writePatches(context, config, protocol, generator);
    },
  };
}

async function trainGenerator(
  context: StageContext,
  { patches, profile, data }: CagnetPatchConfig,
  protocol: ZeroShotProtocol,
  generator: CategoryPatchGenerator,
): Promise<void> {
  const { engine } = context;
  const seeds = context.seeds.child('patches');
  const { size, training } = patches;
  const { iterations, images, batch, optimizer, logEvery, checkpointEvery } = training;
  const batches = new PatchBatches({
    maps: seenLabels(protocol, data.size),
    images,
    batch,
    size,
    condition: patches.condition ?? (profile === 'official' ? 'target' : 'category'),
    random: seeds.child('batches').stream(),
  });
  const optimizers = { generator: scheduledOptimizer(engine, optimizer, generator.parameters(), iterations) };
  const step = new BatchNormStep(engine.compile(patchStep({ generator, size, batch })), generator, engine);
  const random = seeds.child('noise').stream();
  try {
    await runTraining(context, 'patches', {
      modules: { generator },
      optimizers: optimizersOf(optimizers),
      random,
      batches,
      iterations,
      logEvery,
      checkpointEvery,
      step(iteration) {
        const { patches, labels, condition } = batches;
        return step.run({ patches, labels, condition }, optimizers, iteration, ['generator'], random);
      },
    });
  } finally {
    step.dispose();
  }
}

/** Guarded label maps at the size to which images are warped, as channels. */
function seenLabels({ dataset, split }: ZeroShotProtocol, [height, width]: readonly [number, number]) {
  const { samples } = guardTraining(dataset, split);
  const channels = new ContiguousLabels(split);
  return {
    length: samples.length,
    read: async (index: number): Promise<LabelMap> =>
      channels.toTrainChannels(resizeNearest(await samples[index].mask!(), height, width)),
  };
}

async function writePatches(
  { engine, folder, progress, signal, seeds }: StageContext,
  config: CagnetPatchConfig,
  { split }: ZeroShotProtocol,
  generator: CategoryPatchGenerator,
): Promise<void> {
  const { size, perFile, pure, sampling } = config.patches;
  const classes = { seen: split.seen.length, unseen: split.unseen.length };
  const { given, minUnseen, topK, ...rest } = sampling;
  const sampler = new PatchSampler(engine, generator, {
    size,
    ...classes,
    ...rest,
    ...(given !== null && { given }),
    ...(minUnseen !== null && { minUnseen }),
    ...(topK !== null && { topK }),
  });
  try {
    for (const [stage, { unseenProbability }] of finetunings(config)) {
      const prior = labelPrior({ ...classes, unseenProbability: unseenProbabilityOf(unseenProbability, classes) });
      const files = patchFiles(stage, config.patches);
      for (const [i, file] of files.entries()) {
        const random = seeds.child('patches').child(stage).child(i).stream();
        const generated = await sampler.sample(generatedShare(perFile, pure), random);
        const others = purePatches({ size, count: perFile - generated.count }, prior, random);
        await writePatchFile(folder.file(file), mixPatches([generated, others], random), generator.classes);
        await progress.update(i + 1, files.length, `patches for ${stage}`);
        signal.throwIfAborted();
      }
    }
  } finally {
    sampler.dispose();
  }
}
