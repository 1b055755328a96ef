import { type InstanceSet, type LabelMap, type RgbImage, type Sample, UserError } from '@unseen/core';
import { decodeImage, imageSize } from './image.ts';
import type { ImageWithFile } from './layouts/check-listing.ts';
import { type MaskValues, toLabelMap } from './mask.ts';

/** An image file with its mask, if it has one. A mask of another size than its image is a {@link UserError} when it is read. */
export class FileSample implements Sample {
  readonly id: string;
  readonly imagePath: string;
  readonly maskPath?: string;
  readonly imageLabels?: readonly number[];
  readonly mask?: () => Promise<LabelMap>;
  readonly instances?: () => Promise<InstanceSet>;

  constructor(listed: ImageWithFile, values: MaskValues, imageLabels?: readonly number[]) {
    this.id = listed.id;
    this.imagePath = listed.imagePath;
    if (imageLabels) this.imageLabels = imageLabels;
    const { maskPath, rawMask, instances } = listed;
    if (maskPath !== undefined && rawMask) {
      this.maskPath = maskPath;
      this.mask = async () => {
        const labels = toLabelMap(await rawMask(), maskPath, values);
        await this.requireSize(labels, 'mask');
        return labels;
      };
    }
    if (instances) {
      this.instances = async () => {
        const set = await instances();
        await this.requireSize(set, 'objects of');
        return set;
      };
    }
  }

  image(): Promise<RgbImage> {
    return decodeImage(this.imagePath);
  }

  private async requireSize(found: { readonly height: number; readonly width: number }, kind: string): Promise<void> {
    const { height, width } = await imageSize(this.imagePath);
    if (found.height === height && found.width === width) return;
    throw new UserError({
      given: `${kind} ${this.maskPath ?? this.id}: ${found.height}x${found.width}, but its image ${this.imagePath} is ${height}x${width} (height x width)`,
      expected: 'the same size',
      remedy: 'redraw the mask for this image; masks are never resized',
    });
  }
}
