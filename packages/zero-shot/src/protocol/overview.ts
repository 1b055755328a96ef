import { existsSync } from 'node:fs';
import { SeedTree } from '@unseen/core';
import {
  buildBackbone,
  countParameters,
  type FeatureSubset,
  type Overview,
  type OverviewContext,
  orSentence,
  planTrunkInput,
  storedViews,
} from '@unseen/experiment';
import { countFlops, type Program } from '@unseen/tensor';
import { openClassProtocol, vectorsOf } from './protocol.ts';
import type { ZeroShotConfig } from './settings.ts';

/** What a dry run tells of a zero-shot experiment besides its images and stages. */
export async function zeroShotOverview(
  config: ZeroShotConfig,
  { flopsPerSecond, images }: OverviewContext,
): Promise<Overview> {
  const known = await openClassProtocol(config);
  const vectors = await orSentence(() => vectorsOf(config, known));
  const input = planTrunkInput(config, { seeds: new SeedTree(config.seed) });
  const { encoder } = buildBackbone(config.backbone);
  const { channels } = await input.trunk();
  const { weights, name, train } = config.backbone;
  const features = train || !images ? null : featureCost(config, images);
  return {
    classes: { seen: known.split.seen.length, unseen: known.split.unseen.length },
    vectors: typeof vectors === 'string' ? vectors : vectors[0].length,
    backbone: {
      name,
      parameters: countParameters({ encoder }),
      weights: weights === undefined ? 'none are named' : `${weights}${existsSync(weights) ? '' : ' is not there'}`,
    },
    maps: input.grids.map(([height, width]) => [height, width, channels]),
    features: features && { ...features, seconds: features.flops / flopsPerSecond },
  };
}

/** Bytes of the stored features, and the operations that they take. */
function featureCost(config: ZeroShotConfig, images: Readonly<Record<FeatureSubset, number>>) {
  const { encoder } = buildBackbone(config.backbone);
  const [{ channels, stride }] = encoder.taps;
  const views = (['train', 'val'] as const).flatMap((subset) =>
    storedViews(config, subset).map(({ size }) => ({ size, count: images[subset] })),
  );
  let [bytes, flops] = [0, 0];
  for (const { size, count } of views) {
    const program: Program = {
      name: 'view',
      inputs: { view: { shape: [1, ...size, 3], dtype: 'float32' } },
      describe: (ops, { view }) => ({ outputs: { features: encoder.forward(ops, view)[0] } }),
    };
    flops += count * countFlops(program);
    bytes += count * 4 * channels * Math.ceil(size[0] / stride) * Math.ceil(size[1] / stride);
  }
  return { bytes, flops };
}
