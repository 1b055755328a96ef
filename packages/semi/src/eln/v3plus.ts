import { DeepLabV3Plus, type SegmentationNetwork } from '@unseen/backbone';
import { UserError } from '@unseen/core';

/** A network as the DeepLab v3+ that ELN is made of; any other is a `UserError`. */
export function requireV3Plus(network: SegmentationNetwork): DeepLabV3Plus {
  if (network instanceof DeepLabV3Plus) return network;
  throw new UserError({ given: 'a segmentation network of another kind', expected: 'a DeepLab v3+' });
}
