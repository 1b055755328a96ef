import { createBackbone, DeepLabV2, fuseMaximum, ResNet, viewsAtScales } from '@unseen/backbone';
import { ContextualModule } from '@unseen/contextual';
import { SeedTree } from '@unseen/core';
import { constant, klDivergence, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { normalize } from '@unseen/vision';
import { expect, test } from 'vitest';
import { choicesOf, contextualSizes } from './cagnet-networks.ts';
import { engines, evaluate, largeNetworkEngines } from './evaluation.ts';
import { type Fixture, parity } from './fixture.ts';
import { rgbOf } from './layout.ts';
import { contextualDeepLabName } from './state-names.ts';
import { assignWeights } from './weight-formula.ts';

const seeds = new SeedTree(0);
/** The weights are loaded. */
const init = constant(0);

const STAGES = ['stem', 'stage1', 'stage2', 'stage3', 'stage4'];

/** DeepLab v2 and the contextual module behind it. */
class ContextualDeepLab extends Module {
  readonly deepLab: DeepLabV2;
  readonly contextual: ContextualModule;

  constructor(fixture: Fixture) {
    super();
    const sizes = contextualSizes(fixture.weights());
    const { selector, reluLogVariance } = choicesOf(fixture);
    const encoder = createBackbone('resnet101.caffe_in1k', { outputStride: 8, taps: STAGES, init, seeds });
    this.deepLab = new DeepLabV2({ encoder, classes: sizes.channels, init, seeds });
    this.contextual = new ContextualModule({ ...sizes, selector, reluLogVariance, seeds });
  }

  forward<V>(ops: Ops<V>, images: V) {
    const stages = this.deepLab.encoder.forward(ops, images);
    const aspp = this.deepLab.aspp.forward(ops, stages[4]);
    return { stages, aspp, ...this.contextual.forward(ops, aspp) };
  }
}

await parity('deeplabv2-r101-cagnet', (fixture) => {
  const mean = fixture.setting<[number, number, number]>('mean');
  const [height, width] = fixture.setting<[number, number]>('input');

  /** The stored bytes as the network's input [1, height, width, 3]. */
  function inputOf() {
    expect([fixture.setting('bgr'), fixture.setting('meanSubtracted')]).toEqual([true, true]);
    const { values } = fixture.tensor('imageBgrUint8');
    const { data } = normalize({ height, width, data: rgbOf(values) }, { channelOrder: 'bgr', mean, std: [1, 1, 1] });
    return { shape: [1, height, width, 3], values: data };
  }

  test.each(largeNetworkEngines)(
    'every stage, the features at full scale, and their maximum over the scales on %s (CG-13)',
    {
      timeout: 1_800_000,
    },
    async (engine) => {
      const network = new ContextualDeepLab(fixture);
      assignWeights(network, fixture.weights(), contextualDeepLabName);
      const { encoder } = network.deepLab;
      if (!(encoder instanceof ResNet)) throw new Error('resnet101 is a ResNet');
      const mask = fixture.tensor('mask');
      const { outputs } = await evaluate(await engines[engine](), {
        inputs: { image: inputOf(), mask: { shape: [1, height, width, 1], values: Float32Array.from(mask.values) } },
        describe: (ops, { image, mask }) => {
          const views = viewsAtScales(ops, image, (scaled) => network.forward(ops, scaled));
          const [full] = views;
          const [n, h, w] = ops.shape(full.mu);
          const labelled = ops.reshape(ops.resizeNearest(mask, [h, w]), [n, h, w]);
          const [layer1, layer2, layer3, layer4, layer5] = full.stages;
          return {
            outputs: {
              conv1: ops.relu(encoder.stem.forward(ops, image)),
              ...{ layer1, layer2, layer3, layer4, layer5 },
              aspp: full.aspp,
              z: full.z,
              X: full.features,
              X_fused: fuseMaximum(
                ops,
                views.map(({ features }) => features),
              ),
              KLD: klDivergence(ops, full.mu, full.logVariance, labelled),
            },
          };
        },
      });
      for (const name of Object.keys(fixture.file.summaries ?? {})) fixture.expectSummary(name, outputs[name]);
      for (const name of ['aspp', 'X', 'X_fused']) fixture.expectMap(name, outputs[name]);
      fixture.expectValue('KLD', outputs.KLD[0]);
    },
  );

  // How far the authors' own float32 is from float64.
  fixture.leaveOut(['values/float32NoiseAspp']);
});
