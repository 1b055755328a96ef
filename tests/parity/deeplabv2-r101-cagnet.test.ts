import { createBackbone, fuseMaximum, ResNet, SummedAspp, viewsAtScales } from '@unseen/backbone';
import { ContextualModule } from '@unseen/contextual';
import { SeedTree } from '@unseen/core';
import { constant, klDivergence, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { normalize } from '@unseen/vision';
import { expect, test } from 'vitest';
import { choicesOf, contextualSizes } from './cagnet-networks.ts';
import { engines, evaluate } from './evaluation.ts';
import { type Fixture, parity } from './fixture.ts';
import { deepLabName } from './state-names.ts';
import { assignWeights } from './weight-formula.ts';

const seeds = new SeedTree(0);
/** The weights are loaded. */
const init = constant(0);

/** ResNet-101 in Caffe's form at output stride 8, the summed ASPP, and the contextual module. */
class DeepLab extends Module {
  readonly trunk: ResNet;
  readonly aspp: SummedAspp;
  readonly contextual: ContextualModule;

  constructor(fixture: Fixture) {
    super();
    const sizes = contextualSizes(fixture.weights());
    const { selector, reluLogVariance } = choicesOf(fixture);
    const taps = ['stem', 'stage1', 'stage2', 'stage3', 'stage4'];
    const trunk = createBackbone('resnet101.caffe_in1k', { outputStride: 8, taps, init, seeds });
    if (!(trunk instanceof ResNet)) throw new Error('resnet101 is a ResNet');
    this.trunk = trunk;
    this.aspp = new SummedAspp({ inputs: trunk.taps[4].channels, outputs: sizes.channels, init, seeds });
    this.contextual = new ContextualModule({ ...sizes, selector, reluLogVariance, seeds });
  }

  forward<V>(ops: Ops<V>, images: V) {
    const stages = this.trunk.forward(ops, images);
    const aspp = this.aspp.forward(ops, stages[4]);
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
    const rgb = Uint8Array.from(values, (_, i) => values[i - (i % 3) + 2 - (i % 3)]);
    const { data } = normalize({ height, width, data: rgb }, { channelOrder: 'bgr', mean, std: [1, 1, 1] });
    return { shape: [1, height, width, 3], values: data };
  }

  test('every stage, the features at full scale, and their maximum over the scales (CG-13)', {
    timeout: 300_000,
  }, async () => {
    const network = new DeepLab(fixture);
    assignWeights(network, fixture.weights(), deepLabName);
    const mask = fixture.tensor('mask');
    const { outputs } = await evaluate(await engines.onnxruntime(), {
      inputs: { image: inputOf(), mask: { shape: [1, height, width, 1], values: Float32Array.from(mask.values) } },
      describe: (ops, { image, mask }) => {
        const views = viewsAtScales(ops, image, (scaled) => network.forward(ops, scaled));
        const [full] = views;
        const [n, h, w] = ops.shape(full.mu);
        const labelled = ops.reshape(ops.resizeNearest(mask, [h, w]), [n, h, w]);
        const [layer1, layer2, layer3, layer4, layer5] = full.stages;
        return {
          outputs: {
            conv1: ops.relu(network.trunk.stem.forward(ops, image)),
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
  });

  // How far the authors' own float32 is from float64.
  fixture.leaveOut(['values/float32NoiseAspp']);
});
