import { lookUp, UserError } from '@unseen/core';
import { Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import type { WeightNames } from './names/rename.ts';

/** A stage of an encoder whose output can be used as features. */
export interface FeatureInfo {
  readonly name: string;
  readonly channels: number;
  /** Input pixels per position of the grid. */
  readonly stride: number;
}

/** Options of every encoder. */
export interface EncoderOptions {
  /** Names of the stages that `forward` returns. Default: the last stage. */
  readonly taps?: readonly string[];
  /** Channels of the images. Default 3. */
  readonly inputs?: number;
}

/** A network that maps images [n, h, w, inputs], normalised as its definition says, to feature maps. */
export abstract class Encoder extends Module {
  /** All stages, from input to output. */
  readonly stages: readonly FeatureInfo[];
  /** The stages that {@link forward} returns, in that order. */
  readonly taps: readonly FeatureInfo[];
  /** Channels of the images. */
  readonly inputs: number;

  constructor(stages: readonly FeatureInfo[], options: EncoderOptions) {
    super();
    this.stages = stages;
    const byName = Object.fromEntries(stages.map((stage) => [stage.name, stage]));
    const { taps = [stages[stages.length - 1].name], inputs = 3 } = options;
    if (taps.length === 0) throw new UserError({ given: 'an encoder without taps', expected: 'at least one stage' });
    this.inputs = inputs;
    this.taps = taps.map((tap) => lookUp(byName, tap, 'stage'));
  }

  /** The feature map of each tap, or of the given stages. Nothing after the last of them is computed. */
  forward<V>(ops: Ops<V>, images: V, taps: readonly FeatureInfo[] = this.taps): V[] {
    const channels = ops.shape(images)[3];
    if (channels !== this.inputs) {
      throw new UserError({ given: `images of ${channels} channels`, expected: `${this.inputs} channels` });
    }
    const wanted = new Set(taps.map((tap) => tap.name));
    const found = new Map<string, V>();
    let i = 0;
    for (const features of this.outputs(ops, images)) {
      const { name } = this.stages[i++];
      if (wanted.delete(name)) found.set(name, features);
      if (wanted.size === 0) break;
    }
    return taps.map(({ name }) => found.get(name)!);
  }

  /** Naming schemes in which weights of this architecture are published, in addition to our own. */
  publishedNames(): readonly WeightNames[] {
    return [];
  }

  /** The output of each stage, computed on demand. */
  protected abstract outputs<V>(ops: Ops<V>, images: V): Generator<V>;
}
