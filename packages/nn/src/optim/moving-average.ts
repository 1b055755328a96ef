import { Parameter } from '@unseen/tensor';

/** Exponential moving average of weights: shadow ← decay · shadow + (1 - decay) · weight. Works on the host's values. */
export class MovingAverage {
  readonly decay: number;
  /** The averaged weights by the parameter that they follow. */
  readonly shadows: ReadonlyMap<Parameter, Parameter>;

  constructor(parameters: Iterable<Parameter>, decay: number) {
    this.decay = decay;
    this.shadows = new Map(
      [...parameters].map((p) => [p, new Parameter(p.shape, { values: p.values.slice(), trainable: false })]),
    );
  }

  /** Takes the current weights in; on engines with memory of their own, after `Engine.pull`. */
  update(): void {
    for (const [{ values }, shadow] of this.shadows) {
      shadow.assign(shadow.values.map((old, i) => this.decay * old + (1 - this.decay) * values[i]));
    }
  }

  /** Replaces the weights by their averages. */
  copyToWeights(): void {
    for (const [parameter, shadow] of this.shadows) parameter.assign(shadow.values);
  }
}
