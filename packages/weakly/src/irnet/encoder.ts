import { type BackboneOptions, createBackbone, type Encoder } from '@unseen/backbone';

/** Options of {@link createIrnetEncoder}. */
export interface IrnetEncoderOptions extends Omit<BackboneOptions, 'outputStride' | 'dilation' | 'multiGrid'> {
  /** A name of the registry of backbones. Default `resnet50.tv_in1k`. */
  readonly backbone?: string;
  /** Default 16. */
  readonly outputStride?: number;
}

/**
 * The encoder of IRNet's networks (Ahn et al. 2019): ResNet-50 at output stride 16 without any dilation. An unknown
 * name, stage or output stride is a `UserError`.
 */
export function createIrnetEncoder(options: IrnetEncoderOptions): Encoder {
  const { backbone = 'resnet50.tv_in1k', outputStride = 16, ...rest } = options;
  return createBackbone(backbone, { ...rest, outputStride, dilation: 'none' });
}
