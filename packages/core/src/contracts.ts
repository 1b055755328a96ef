/** The mask value that every label map uses for "not labelled": void, unknown or hidden by the leakage guard. */
export const IGNORE = 255;

/** Classes by pixel, of 16 bits where there are more classes than 8 bits hold. */
export type LabelData = Uint8Array | Uint16Array;

/** An array for channels of `classes` classes: of 8 bits where {@link IGNORE} is none of them, otherwise of 16 bits. */
export function labelArray(classes: number, length: number): LabelData {
  return classes > IGNORE ? new Uint16Array(length) : new Uint8Array(length);
}

/** What means "not labelled" in a label map: {@link IGNORE}, or 65535 in 16 bits. */
export function ignoreOf(data: LabelData): number {
  return data instanceof Uint16Array ? 0xffff : IGNORE;
}

/** What means "not labelled" among channels of `classes` classes, as {@link ignoreOf} of their {@link labelArray}. */
export function ignoreAmong(classes: number): number {
  return classes > IGNORE ? 0xffff : IGNORE;
}

/** 8-bit RGB image, row by row. */
export interface RgbImage {
  readonly height: number;
  readonly width: number;
  /** [height · width · 3] */
  readonly data: Uint8Array;
}

/**
 * A class per pixel. Values are raw class ids or train ids, depending on context; {@link IGNORE} is unlabelled (65535
 * in 16 bits).
 */
export interface LabelMap {
  readonly id: string;
  readonly height: number;
  readonly width: number;
  /** [height · width] */
  readonly data: LabelData;
}

/** One score map per class, from any method that produces class maps. */
export interface ScoreMaps {
  readonly id: string;
  /** Size of the image, [height, width]. */
  readonly size: readonly [number, number];
  /** Raw class ids, one per map. */
  readonly classes: readonly number[];
  readonly grid: 'full' | 'stride4';
  /** [classes · grid height · grid width] */
  readonly data: Float32Array;
}

/** Run lengths of a column-major binary mask, zeros first (COCO's uncompressed form). */
export type RunLengths = readonly number[];

/** The object instances of one image. */
export interface InstanceSet {
  readonly id: string;
  readonly height: number;
  readonly width: number;
  readonly items: readonly {
    readonly classId: number;
    readonly score: number;
    readonly mask: RunLengths;
    /** [x0, y0, x1, y1] in pixels, x1 and y1 exclusive. */
    readonly box: readonly [number, number, number, number];
  }[];
}

/** A class of a dataset. */
export interface ClassInfo {
  /** Value in the mask files. */
  readonly id: number;
  readonly name: string;
  /** RGB for pictures. */
  readonly color: readonly [number, number, number];
  /** Row of the class in the dataset's word-vector tables, if it has one. */
  readonly wordRow?: number;
}

/** Seen and unseen class ids of a zero-shot protocol, in the order of their train ids. */
export interface ZeroShotSplit {
  readonly seen: readonly number[];
  readonly unseen: readonly number[];
}

/** One image of a dataset. Pixels and masks are read on demand. */
export interface Sample {
  readonly id: string;
  image(): Promise<RgbImage>;
  /** Raw class ids; {@link IGNORE} where void. */
  mask?(): Promise<LabelMap>;
  instances?(): Promise<InstanceSet>;
  /** Raw ids of the classes in the image. */
  readonly imageLabels?: readonly number[];
}

/** A dataset with its classes, its splits and its two subsets. */
export interface Dataset {
  readonly name: string;
  readonly classes: readonly ClassInfo[];
  /** Raw mask values that mean "unlabelled" in the files, in addition to 255. */
  readonly ignore: readonly number[];
  /** Seen/unseen splits by name; `default` is used if none is given. */
  readonly splits: Readonly<Record<string, ZeroShotSplit>>;
  readonly train: readonly Sample[];
  readonly val: readonly Sample[];
}

/** Anything that scores classes per pixel of an image. */
export interface SegmentationModel {
  readonly outputStride: number;
  readonly input: { readonly height: number; readonly width: number } | 'any';
  /** Raw class ids, one per channel of the logits. */
  readonly classes: readonly number[];
  /** Logits on the model's own grid: [height, width, classes]. */
  logits(image: RgbImage): Promise<{
    height: number;
    width: number;
    data: Float32Array;
    /** Per class: subtracted from its softmax probability before the best class is chosen (calibrated stacking). */
    penalties?: Float32Array;
  }>;
}
