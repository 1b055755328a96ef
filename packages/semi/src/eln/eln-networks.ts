import {
  createSegmentationNetwork,
  type DecodedMaps,
  type DeepLabV3Plus,
  type DeepLabV3PlusDecoder,
  type UnitOptions,
} from '@unseen/backbone';
import { type SeedTree, UserError } from '@unseen/core';
import { Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { ErrorLocalizer, type ErrorLocalizerOptions, requireV3Plus } from './error-localizer.ts';

/** Options of {@link ElnNetworks}. */
export interface ElnNetworksOptions extends Pick<UnitOptions, 'norm' | 'init'> {
  /** A registered DeepLab v3+ with an embedding. Default `deeplabv3plus_resnet50.eln`. */
  readonly network?: string;
  readonly classes: number;
  /** Number of auxiliary decoders. Default 2. */
  readonly auxiliary?: number;
  readonly localizer?: Pick<ErrorLocalizerOptions, 'network' | 'prediction'>;
  readonly seeds: SeedTree;
}

/**
 * The networks that ELN trains (Kwon and Kwak 2022, §3): the segmentation network with its embedding (the student),
 * auxiliary decoders on the same encoder, whose errors differ from those of the main decoder, and the network that
 * learns to localise errors. The teacher is a copy of the student.
 *
 * @example
 * import { SeedTree } from '@unseen/core';
 * import { ElnNetworks } from '@unseen/semi';
 *
 * const networks = new ElnNetworks({
 *   network: 'test_deeplabv3plus_eln.micro',
 *   localizer: { network: 'test_deeplabv3plus_eln_error.micro' },
 *   classes: 3,
 *   seeds: new SeedTree(0),
 * });
 * networks.auxiliary.length; // → 2
 */
export class ElnNetworks extends Module {
  readonly student: DeepLabV3Plus;
  readonly auxiliary: readonly DeepLabV3PlusDecoder[];
  readonly localizer: ErrorLocalizer;

  constructor(options: ElnNetworksOptions) {
    super();
    const { network = 'deeplabv3plus_resnet50.eln', classes, auxiliary = 2, norm, init, localizer, seeds } = options;
    const shared = { ...(norm && { norm }), ...(init && { init }) };
    this.student = requireV3Plus(
      createSegmentationNetwork(network, { ...shared, classes, seeds: seeds.child('student') }),
    );
    if (!this.student.decoder.projector) {
      throw new UserError({ given: `${network}, which has no embedding`, expected: 'a DeepLab v3+ with an embedding' });
    }
    this.auxiliary = Array.from({ length: auxiliary }, (_, k) =>
      this.student.decoder.sibling(seeds.child('auxiliary').child(k)),
    );
    this.localizer = new ErrorLocalizer({ ...shared, ...localizer, classes, seeds: seeds.child('localizer') });
  }

  /** Output of each auxiliary decoder for the encoder's taps; no gradient reaches the encoder. */
  auxiliaryMaps<V>(ops: Ops<V>, taps: readonly V[], options: { readonly dropout?: boolean } = {}): DecodedMaps<V>[] {
    const [lowLevel, high] = taps.map((tap) => ops.stopGradient(tap));
    return this.auxiliary.map((decoder) => decoder.forward(ops, [lowLevel, high], options));
  }
}
