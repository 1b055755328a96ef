/** Types of image files that are read, as suffixes. Letter case does not matter in names. */
export const IMAGE_TYPES: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.jfif',
  '.png',
  '.webp',
  '.tif',
  '.tiff',
  '.gif',
  '.avif',
];

/** Types of mask files that are read. */
export const MASK_TYPES: readonly string[] = ['.png'];

// What cameras and other programs write, and is not read.
const OTHER_IMAGES =
  /\.(bmp|dib|hei[cf]|jp2|j2k|jpx|jxl|psd|svg|tga|exr|hdr|p[bgpn]m|dng|cr[23w]|nef|arw|dcm|nii(\.gz)?)$/i;

/** Whether a name is that of a picture of a type that is not read. */
export function isOtherImage(name: string): boolean {
  return OTHER_IMAGES.test(name);
}

/** The first of some suffixes in which a name ends, in any letter case. */
export function suffixOf(name: string, suffixes: readonly string[]): string | undefined {
  return suffixes.find((suffix) => suffix.length < name.length && isEnd(name, suffix));
}

function isEnd(name: string, suffix: string): boolean {
  return suffix === '' || name.slice(-suffix.length).toLowerCase() === suffix.toLowerCase();
}
