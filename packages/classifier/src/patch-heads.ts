import { Conv2d } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { FeatureHeads } from './feature-heads.ts';
import type { PixelClassifierOptions } from './pixel-classifier.ts';

/**
 * The heads of patch-wise CaGNet: a convolution without activation in front of the classifier's last layer sees a whole patch
 * around each pixel. 9,438,208 weights more than {@link FeatureHeads} with the defaults and patches of 3x3. Takes maps.
 */
export class PatchHeads extends FeatureHeads {
  readonly patch: Conv2d;

  constructor(options: PixelClassifierOptions & { readonly size: number }) {
    super(options);
    const { hidden = 1024, size, seeds } = options;
    this.patch = new Conv2d({ inputs: hidden, outputs: hidden, kernel: size, seeds: seeds.child('patch') });
  }

  override classify<V>(ops: Ops<V>, hidden: V): V {
    return this.classifier.forward(ops, this.patch.forward(ops, hidden));
  }

  /**
   * What {@link logits} has at the centres of patches, whatever surrounds them: features [n, size, size, features] →
   * logits [n, classes].
   */
  centreLogits<V>(ops: Ops<V>, features: V): V {
    const { weight, bias } = this.patch;
    const [outputs] = weight.shape;
    const hidden = this.hidden(ops, features);
    const centres = ops.conv2d(hidden, ops.parameter(weight));
    const rows = ops.reshape(centres, [ops.shape(features)[0], outputs]);
    return this.classifier.forward(ops, bias ? ops.add(rows, ops.parameter(bias)) : rows);
  }
}
