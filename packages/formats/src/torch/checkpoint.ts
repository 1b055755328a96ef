import type { PickleValue } from '../pickle/values.ts';
import type { StoredTensor } from '../tensor-values.ts';
import type { TorchTensor } from './tensor.ts';

/** An open PyTorch checkpoint: what was saved is in memory, the numbers of its tensors are read one by one. */
export interface TorchCheckpoint {
  readonly format: 'pytorch-zip' | 'pytorch-legacy';
  /** What was given to `torch.save`. */
  readonly root: PickleValue;
  read(tensor: TorchTensor): Promise<StoredTensor>;
  close(): Promise<void>;
}
