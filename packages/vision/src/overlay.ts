import { type LabelMap, type RgbImage, UserError } from '@unseen/core';
import type { Color } from './palette.ts';

/** Options of {@link overlay}. */
export interface OverlayOptions {
  /** Opacity of the labels, 0 … 1. */
  readonly opacity?: number;
  /** Colours by label; labels without one leave the image unchanged. */
  readonly colors: ReadonlyMap<number, Color>;
}

/** Paints the colours of a label map over an image of the same size. */
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

/** A label map as a picture; labels without a colour become `background`. */
export function paintLabels(
  labels: LabelMap,
  colors: ReadonlyMap<number, Color>,
  background: Color = [0, 0, 0],
): RgbImage {
  const data = new Uint8Array(3 * labels.data.length);
  for (let i = 0; i < labels.data.length; i++) data.set(colors.get(labels.data[i]) ?? background, 3 * i);
  return { height: labels.height, width: labels.width, data };
}
