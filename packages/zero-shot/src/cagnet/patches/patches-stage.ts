import { join } from 'node:path';
import type { LabelMap } from '@unseen/core';
import { ContiguousLabels, guardTraining } from '@unseen/data';
import {
  artifacts,
  defineStage,
  filesOf,
  runTraining,
  type Stage,
  type StageContext,
  scheduledOptimizer,
  type Weights,
  weightsOf,
} from '@unseen/experiment';
import { TrainingStep } from '@unseen/nn';
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
import { seedNameOf } from '../../generative/stages.ts';
import { openProtocol, type ZeroShotProtocol } from '../../protocol/protocol.ts';
import { type TrainingSettings, trainingSettings } from '../../protocol/settings.ts';
import { PatchBatches } from './patch-batches.ts';
import type { CagnetPatchConfig } from './settings.ts';

type FinetuningStage = 'finetune' | 'finetune2';

/** What a patches stage leaves: its generator, and files of patches for each fine-tuning. */
export interface Patches {
  readonly weights: Weights;
  readonly finetune: readonly string[];
  readonly finetune2: readonly string[];
}

/** What patches are made with. */
type PatchSettings = Pick<CagnetPatchConfig, 'patches'> & TrainingSettings;

/**
 * Learns how categories lie side by side in the label maps of seen classes, samples patches of mostly unseen categories,
 * mixes them with patches of a single class, and leaves files of them for each fine-tuning (Gu et al. 2022, §III-D).
 */
export function patchesStage(config: CagnetPatchConfig): Stage<Patches> {
  const { patches, finetune, finetune2 } = config;
  const settings = { ...trainingSettings(config), patches };
  const files = (stage: FinetuningStage, used: boolean) => filesOf(...(used ? patchFiles(stage, patches) : []));
  // The share of unseen classes among pure patches is that of the fine-tuning.
  const shares = {
    finetune: finetune.unseenProbability,
    ...(finetune2 && { finetune2: finetune2.unseenProbability }),
  };
  return defineStage({
    name: 'patches',
    settings: { ...settings, shares },
    makes: artifacts({
      weights: weightsOf('patches'),
      finetune: files('finetune', true),
      finetune2: files('finetune2', finetune2 !== undefined),
    }),
    run: async (context) => {
      const protocol = await openProtocol(settings);
      const seeds = context.seeds.child('patches');
      const { vectors } = protocol;
      const generator = new CategoryPatchGenerator({ vectors, ...patches.network, seeds: seeds.child('generator') });
      await trainGenerator(context, settings, protocol, generator);
      for (const [stage, unseenProbability] of Object.entries(shares)) {
        await writePatches(context, settings, protocol, generator, {
          stage: stage as FinetuningStage,
          unseenProbability,
        });
      }
    },
  });
}

/** Where the patches of a fine-tuning lie in a run folder. */
function patchFiles(stage: FinetuningStage, { files }: CagnetPatchConfig['patches']): string[] {
  return Array.from({ length: files }, (_, i) => join('patches', stage, `${String(i).padStart(4, '0')}.safetensors`));
}

async function trainGenerator(
  context: StageContext,
  { patches, profile, data }: PatchSettings,
  protocol: ZeroShotProtocol,
  generator: CategoryPatchGenerator,
): Promise<void> {
  const { engine } = context;
  const seeds = context.seeds.child('patches');
  const { size, training } = patches;
  const { iterations, images, batch, optimizer } = training;
  const batches = new PatchBatches({
    maps: seenLabels(protocol, data.size),
    images,
    batch,
    size,
    condition: patches.condition ?? (profile === 'official' ? 'target' : 'category'),
    random: seeds.child('batches').stream(),
  });
  const optimizers = { generator: scheduledOptimizer(engine, optimizer, generator.parameters(), iterations) };
  const step = new TrainingStep({
    engine,
    optimizers,
    tracked: generator,
    program: () => patchStep({ generator, size, batch }),
  });
  const noise = seeds.child('noise').stream();
  await runTraining(context, 'patches', training, {
    modules: { generator },
    optimizers,
    noise,
    batches,
    step: (iteration) => {
      const { patches, labels, condition } = batches;
      return step.run({ patches, labels, condition }, { iteration, random: noise });
    },
    close: () => step.dispose(),
  });
}

/** Guarded label maps at the size to which images are warped, as train ids. */
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
  { patches }: PatchSettings,
  { split }: ZeroShotProtocol,
  generator: CategoryPatchGenerator,
  {
    stage,
    unseenProbability,
  }: {
    readonly stage: FinetuningStage;
    readonly unseenProbability: CagnetPatchConfig['finetune']['unseenProbability'];
  },
): Promise<void> {
  const { size, perFile, pure, sampling } = patches;
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
    const prior = labelPrior({ ...classes, unseenProbability: unseenProbabilityOf(unseenProbability, classes) });
    const files = patchFiles(stage, patches);
    for (const [i, file] of files.entries()) {
      const random = seeds.child('patches').child(seedNameOf(stage)).child(i).stream();
      const generated = await sampler.sample(generatedShare(perFile, pure), random);
      const others = purePatches({ size, count: perFile - generated.count }, prior, random);
      await writePatchFile(folder.file(file), mixPatches([generated, others], random), generator.classes);
      await progress.update(i + 1, files.length, `patches for ${stage}`);
      signal.throwIfAborted();
    }
  } finally {
    sampler.dispose();
  }
}
