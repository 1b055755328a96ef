import * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from '../parameter.ts';

interface Weight {
  tensor: tf.Tensor;
  /** Version of the parameter when both were equal. */
  version: number;
  /** The device's values are newer. */
  changed: boolean;
}

/** The device's copies of parameters: uploaded after the host has changed them, downloaded on demand. */
export class DeviceWeights {
  private readonly weights = new WeakMap<Parameter, Weight>();
  private readonly alive = new Set<Weight>();
  private readonly abandoned = new FinalizationRegistry<Weight>((weight) => this.release(weight));

  private release(weight: Weight): void {
    if (this.alive.delete(weight)) weight.tensor.dispose();
  }

  /** The latest values. What the host assigned after an update on the device wins. */
  get(parameter: Parameter): tf.Tensor {
    const known = this.weights.get(parameter);
    if (known?.version === parameter.version) return known.tensor;
    // Copied, because the backend may keep the array and the host updates it in place.
    const tensor = tf.keep(tf.tensor(parameter.values.slice(), [...parameter.shape], 'float32'));
    this.put(parameter, { tensor, version: parameter.version, changed: false });
    return tensor;
  }

  /** Replaces the device's values, taking over `tensor`. */
  set(parameter: Parameter, tensor: tf.Tensor): void {
    this.put(parameter, { tensor: tf.keep(tensor), version: parameter.version, changed: true });
  }

  private put(parameter: Parameter, { tensor, version, changed }: Weight): void {
    const known = this.weights.get(parameter);
    if (known) {
      known.tensor.dispose();
      Object.assign(known, { tensor, version, changed });
      return;
    }
    const weight = { tensor, version, changed };
    this.weights.set(parameter, weight);
    this.alive.add(weight);
    this.abandoned.register(parameter, weight);
  }

  /** Copies values that are newer on the device to the host. */
  async pull(parameter: Parameter): Promise<void> {
    const weight = this.weights.get(parameter);
    if (!weight?.changed || weight.version !== parameter.version) return;
    parameter.assign(Float32Array.from(await weight.tensor.data()));
    Object.assign(weight, { version: parameter.version, changed: false });
  }

  dispose(): void {
    for (const weight of [...this.alive]) this.release(weight);
  }
}
