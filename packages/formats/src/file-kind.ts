/** Formats of files that are told by their first bytes. */
export type FileKind =
  | 'JPEG'
  | 'PNG'
  | 'WebP'
  | 'TIFF'
  | 'GIF'
  | 'AVIF'
  | 'BMP'
  | 'HEIC'
  | 'JPEG 2000'
  | 'JPEG XL'
  | 'PSD'
  | 'SVG'
  | 'PDF'
  | 'NPY'
  | 'ZIP'
  | 'gzip'
  | 'HDF5'
  | 'MATLAB';

const STARTS: readonly (readonly [FileKind, string])[] = [
  ['JPEG', '\xff\xd8\xff'],
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['TIFF', 'II*\0'],
  ['TIFF', 'MM\0*'],
  ['TIFF', 'II+\0'],
  ['TIFF', 'MM\0+'],
  ['GIF', 'GIF87a'],
  ['GIF', 'GIF89a'],
  ['BMP', 'BM'],
  ['JPEG 2000', '\0\0\0\x0cjP  '],
  ['JPEG 2000', '\xff\x4f\xff\x51'],
  ['JPEG XL', '\xff\x0a'],
  ['JPEG XL', '\0\0\0\x0cJXL '],
  ['PSD', '8BPS'],
  ['PDF', '%PDF'],
  ['NPY', '\x93NUMPY'],
  ['ZIP', 'PK\x03\x04'],
  ['gzip', '\x1f\x8b'],
  ['HDF5', '\x89HDF\r\n\x1a\n'],
  ['MATLAB', 'MATLAB 5.0'],
];

/** The format of a file by its first bytes, whatever its name; `undefined` for any other. */
export function fileKind(bytes: Uint8Array): FileKind | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 512)).toString('latin1');
  const found = STARTS.find(([, magic]) => start.startsWith(magic));
  if (found) return found[0];
  if (start.startsWith('RIFF') && start.startsWith('WEBP', 8)) return 'WebP';
  if (start.startsWith('ftyp', 4)) return brandKind(start.slice(8, 64));
  return /^(\xef\xbb\xbf)?\s*<(\?xml|!--|!doctype svg|svg)/i.test(start) && start.includes('<svg') ? 'SVG' : undefined;
}

/** Of the container that AVIF and HEIC share, by the brands that it names. */
function brandKind(brands: string): FileKind | undefined {
  if (/avi[fs]/.test(brands)) return 'AVIF';
  return /hei[cfxms]|hev[cx]|mif1|msf1/.test(brands) ? 'HEIC' : undefined;
}
