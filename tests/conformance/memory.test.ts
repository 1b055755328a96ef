import { createSegmentationNetwork, DeepLabV2 } from '@unseen/backbone';
import { SeedTree } from '@unseen/core';
import { crossEntropy, kaimingNormalFanOut, Optimizer, sgd } from '@unseen/nn';
import { createCompiledEngine } from '@unseen/onnx';
import { type Program, type Shape, ShapeOps, sizeOf, Tape } from '@unseen/tensor';
import { expect, it } from 'vitest';

const GIB = 2 ** 30;
const SIDE = 321;
const CLASSES = 15;
const FEATURES = 600;
const slow = Boolean(process.env.UNSEEN_SLOW);

// The largest resident size is that of this process, which vitest starts for this file alone.
it.skipIf(!slow)(
  `DeepLab v2 on ResNet-101 trains on ${SIDE}×${SIDE} at three scales within 12 GiB${slow ? '' : ' (skipped: set UNSEEN_SLOW=1)'}`,
  {
    timeout: 900_000,
  },
  async () => {
    const seeds = new SeedTree(0);
    // Every weight of the network is trained, features are compared with vectors of classes as in SPNet.
    const network = createSegmentationNetwork('deeplabv2_resnet101.caffe', {
      classes: FEATURES,
      init: kaimingNormalFanOut,
      seeds,
    });
    if (!(network instanceof DeepLabV2)) throw new Error('not a DeepLab v2');
    const image: Shape = [1, SIDE, SIDE, 3];
    const { views, fused } = network.multiScale(new Tape(new ShapeOps(true)), { shape: image });
    const grids = [...views, fused].map(({ shape }) => shape.slice(0, 3));
    const program: Program = {
      name: 'multi-scale training',
      training: true,
      inputs: {
        image: { shape: image, dtype: 'float32' },
        vectors: { shape: [CLASSES, FEATURES, 1, 1], dtype: 'float32' },
        ...Object.fromEntries(grids.map((shape, i) => [`labels${i}`, { shape, dtype: 'int32' as const }])),
      },
      describe(ops, { image, vectors, ...labels }) {
        const maps = network.multiScale(ops, image, (features) => ops.conv2d(features, vectors));
        const value = [...maps.views, maps.fused]
          .map((logits, i) => crossEntropy(ops, logits, labels[`labels${i}`]))
          .reduce((a, b) => ops.add(a, b));
        return { outputs: {}, losses: { loss: { value, parameters: network.parameters() } } };
      },
    };
    const random = seeds.child('feeds').stream();
    const normal = (shape: Shape, scale: number) =>
      random.fillNormal(new Float32Array(sizeOf(shape))).map((x) => scale * x);
    const feeds = {
      image: normal(image, 1),
      vectors: normal([CLASSES, FEATURES], FEATURES ** -0.5),
      ...Object.fromEntries(
        grids.map((shape, i) => [
          `labels${i}`,
          Int32Array.from({ length: sizeOf(shape) }, () => random.integer(CLASSES)),
        ]),
      ),
    };
    const engine = createCompiledEngine();
    const optimizer = new Optimizer(engine, sgd({ momentum: 0.9 }), [{ parameters: network.parameters() }]);
    const executable = engine.compile(program);
    for (let step = 0; step < 2; step++) {
      const result = executable.run(feeds);
      expect(await result.scalar('loss')).toBeGreaterThan(0);
      // Random weights behind frozen normalisations have large gradients.
      optimizer.step(result.gradients.loss, 1e-15);
    }
    const peak = process.resourceUsage().maxRSS * 1024;
    process.stderr.write(`the largest resident size of the training process was ${(peak / GIB).toFixed(2)} GiB\n`);
    expect(peak).toBeLessThan(12 * GIB);
    executable.dispose();
    optimizer.dispose();
    engine.dispose();
  },
);
