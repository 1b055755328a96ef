import { type Encoder, SummedAspp } from '@unseen/backbone';
import { SeedTree } from '@unseen/core';
import { constant, Module, Standardize } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { type BackboneNetwork, buildBackbone } from '../backbone.ts';
import type { TrunkSettings } from '../config/schema.ts';
import type { ModelContext, SettingProblem } from '../pipeline/method.ts';

/** Parts of a {@link Trunk}. */
export interface TrunkParts {
  /** Channels of its output. */
  readonly channels: number;
  readonly encoder?: Encoder | undefined;
  readonly scaler?: Standardize | undefined;
  readonly aspp?: SummedAspp | undefined;
}

/**
 * What makes the feature map h of its input, in this order: the encoder, where it is trained with the networks behind it
 * (the input is then an image, otherwise a feature map that the frozen encoder has left), standardisation of stored
 * features, DeepLab v2's pooling pyramid. Any of them may be missing.
 */
export class Trunk extends Module {
  readonly channels: number;
  readonly encoder: Encoder | undefined;
  readonly scaler: Standardize | undefined;
  readonly aspp: SummedAspp | undefined;

  constructor({ channels, encoder, scaler, aspp }: TrunkParts) {
    super();
    this.channels = channels;
    this.encoder = encoder;
    this.scaler = scaler;
    this.aspp = aspp;
  }

  /** Normalised images [n, H, W, 3] or features [n, h, w, c] → h: [n, h, w, channels]. */
  forward<V>(ops: Ops<V>, input: V): V {
    const features = this.encoder ? this.encoder.forward(ops, input)[0] : input;
    const scaled = this.scaler ? this.scaler.forward(ops, features) : features;
    return this.aspp ? this.aspp.forward(ops, scaled) : scaled;
  }

  /** Its parts by name, as checkpoints store them. */
  get modules(): Readonly<Record<string, Module>> {
    const { encoder, scaler, aspp } = this;
    return { ...(scaler && { scaler }), ...(encoder && { encoder }), ...(aspp && { aspp }) };
  }

  /** The same parts without the encoder: features in. */
  behindEncoder(): Trunk {
    const { channels, scaler, aspp } = this;
    return new Trunk({ channels, scaler, aspp });
  }
}

/**
 * The trunk that an experiment asks for; `from` is what its pooling pyramid stands on, with that many channels. Without
 * seeds the pyramid's weights are 0, still to be loaded.
 */
export function buildTrunk(
  { backbone }: Pick<TrunkSettings, 'backbone'>,
  from: { readonly channels: number; readonly encoder?: Encoder; readonly scaler?: Standardize },
  seeds?: SeedTree,
): Trunk {
  const { aspp: outputs } = backbone;
  if (!outputs) return new Trunk(from);
  const start = seeds ? { seeds: seeds.child('trunk/aspp') } : { seeds: new SeedTree(0), init: constant(0) };
  const aspp = new SummedAspp({ inputs: from.channels, outputs, ...start });
  return new Trunk({ ...from, channels: outputs, aspp });
}

/** Whether a part of the trunk learns: the encoder, the pooling pyramid, or both. */
export function isTrunkTrained({ backbone }: Pick<TrunkSettings, 'backbone'>): boolean {
  return backbone.train || Boolean(backbone.aspp);
}

/** Settings of the trunk that contradict each other, with where they stand. */
export function checkTrunkSettings({
  data,
  backbone,
  features,
}: Pick<TrunkSettings, 'data' | 'backbone' | 'features'>): SettingProblem[] {
  const problems: SettingProblem[] = [];
  const unless = (fine: boolean, path: readonly string[], message: string) => {
    if (!fine) problems.push({ path, message });
  };
  if (!backbone.train) {
    unless(!data.crop, ['data', 'crop'], 'there are crops only with backbone.train: true');
    return problems;
  }
  unless(data.size[0] === data.size[1], ['data', 'size'], 'crops for backbone.train: true need a square size');
  unless(features.scales[0] === 1, ['features', 'scales'], 'with backbone.train: true the first scale is 1');
  unless(!features.flip, ['features', 'flip'], 'crops for backbone.train: true are flipped anyway');
  return problems;
}

/**
 * The backbone of a finished run and the trunk behind or around it, whose parts ({@link Trunk.modules}) are to be loaded from
 * the run's own checkpoint: a backbone that was trained has no weights yet, a frozen one those of the experiment's file.
 */
export async function openTrunk(
  context: Pick<ModelContext, 'backbone'>,
  settings: Pick<TrunkSettings, 'backbone'>,
): Promise<{ readonly backbone: BackboneNetwork; readonly trunk: Trunk }> {
  const { train } = settings.backbone;
  const backbone = train ? buildBackbone(settings.backbone) : await context.backbone(settings.backbone);
  const { encoder } = backbone;
  const { channels } = encoder.taps[0];
  const part = train ? { encoder } : { scaler: new Standardize(channels) };
  return { backbone, trunk: buildTrunk(settings, { channels, ...part }) };
}
