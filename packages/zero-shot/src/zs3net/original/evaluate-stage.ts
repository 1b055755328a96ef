import { SeedTree } from '@unseen/core';
import { LAYOUT_LEAK } from '@unseen/data';
import {
  evaluateStage as evaluation,
  type MethodModels,
  openClassProtocol,
  openProtocol,
  type RunModel,
  requireStageOutput,
  type Stage,
  stageWeights,
} from '@unseen/experiment';
import { loadCheckpoint } from '@unseen/nn';
import type { Engine } from '@unseen/tensor';
import { networkModel } from './segmentation-model.ts';
import { chooseOriginal, type Zs3NetOriginalConfig } from './settings.ts';
import { emptyNetwork } from './setup.ts';

/** Models of a run, with the stage whose weights each uses. */
const MODELS: Readonly<Record<string, string>> = { 'seen-only': 'train', 'zs3net-original': 'finetune' };

/** What the protocol of the original differs in, in words. */
function originalProtocol(config: Zs3NetOriginalConfig): Readonly<Record<string, string>> {
  const isLeaked = chooseOriginal(config).layout === 'groundTruth';
  return {
    classes:
      'as the split lists them; the background is a seen class where it is among them, every other pixel is ignored',
    backbone: `${config.zs3net.network}, output stride ${config.backbone.outputStride}, trained end to end on ${
      config.train.unseenImages === 'drop' ? 'images without a pixel of an unseen class' : 'all images'
    }`,
    ...(isLeaked && { training: 'of unseen classes the vectors and the masks are used', leakage: LAYOUT_LEAK }),
  };
}

/** Segments the validation images before and after the second stage. */
export function evaluateStage(config: Zs3NetOriginalConfig): Stage {
  return evaluation({
    uses: ['data', 'embeddings', 'backbone', 'zs3net', 'evaluate', 'report'],
    prepare: async ({ engine, folder }) => {
      const protocol = await openProtocol(config);
      const { order } = protocol.labels;
      const models: Record<string, RunModel> = {};
      for (const [name, stage] of Object.entries(MODELS)) {
        models[name] = await openStage(engine, config, folder.file(stageWeights(stage)), { classes: order, scale: 1 });
      }
      const { val } = protocol.dataset;
      const scorer = (model: RunModel) => async (index: number) => ({
        ...(await model.logits(await val[index].image())),
        channels: order.length,
      });
      return {
        protocol,
        protocolText: originalProtocol(config),
        grid: Object.values(models)[0].grid,
        scorers: Object.fromEntries(Object.entries(models).map(([name, model]) => [name, scorer(model)])),
        close: async () => {
          for (const model of Object.values(models)) model.dispose();
        },
      };
    },
  });
}

/** What a run of the original ZS3Net segments images with. */
export function originalModels(config: Zs3NetOriginalConfig): MethodModels {
  return {
    names: Object.keys(MODELS),
    protocolText: originalProtocol(config),
    async open(context, { name, scale }) {
      const { labels } = await openClassProtocol(config);
      const stage = MODELS[name];
      const path = requireStageOutput(context, stageWeights(stage), stage);
      return openStage(context.engine, config, path, { classes: labels.order, scale });
    },
  };
}

async function openStage(
  engine: Engine,
  config: Zs3NetOriginalConfig,
  path: string,
  options: { readonly classes: readonly number[]; readonly scale: number },
): Promise<RunModel> {
  const network = emptyNetwork(config, options.classes.length, new SeedTree(0));
  await loadCheckpoint(path, { modules: { network } }, { partial: true });
  return networkModel(engine, config, network, options);
}
