import { type LabelMap, type RgbImage, UserError } from '@unseen/core';
import type { Color } from './palette.ts';

/** How a label map is painted. */
export interface OverlayOptions {
  /** Opacity of the labels, 0 … 1. */
  readonly opacity?: number;
  /** Colour by value of the label map; values without one leave the image as it is. */
  readonly colors: ReadonlyMap<number, Color>;
}

/** The image with the colours of a label map of the same size painted over it. */
export function overlay(image: RgbImage, labels: LabelMap, { opacity = 0.6, colors }: OverlayOptions): RgbImage {
  if (labels.height !== image.height || labels.width !== image.width) {
    throw new UserError({
      given: `labels of ${labels.height}x${labels.width} for an image of ${image.height}x${image.width}`,
      expected: 'the same size',
    });
  }
  const data = image.data.slice();
  for (let i = 0; i < labels.data.length; i++) {
    const color = colors.get(labels.data[i]);
    if (!color) continue;
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round(data[3 * i + c] * (1 - opacity) + color[c] * opacity);
  }
  return { height: image.height, width: image.width, data };
}

/** A label map as a picture of its own; values without a colour become `background`. */
export function paintLabels(
  labels: LabelMap,
  colors: ReadonlyMap<number, Color>,
  background: Color = [0, 0, 0],
): RgbImage {
  const data = new Uint8Array(3 * labels.data.length);
  for (let i = 0; i < labels.data.length; i++) data.set(colors.get(labels.data[i]) ?? background, 3 * i);
  return { height: labels.height, width: labels.width, data };
}
