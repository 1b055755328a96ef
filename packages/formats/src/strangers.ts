/** What a file is that was meant to be another, and what to do about it. */
export interface Stranger {
  readonly given: string;
  readonly remedy: string;
}

interface Kind extends Stranger {
  readonly matches: (start: string) => boolean;
}

const STRANGERS: readonly Kind[] = [
  {
    given: 'a web page',
    remedy: 'the download failed; download the file itself',
    matches: (start) => /^\s*<(?:!doctype|html|\?xml)/i.test(start),
  },
  {
    given: 'a Git LFS pointer',
    remedy: 'download the file itself: git lfs pull',
    matches: (start) => start.startsWith('version https://git-lfs'),
  },
  { given: 'compressed with gzip', remedy: 'unpack it: gunzip FILE', matches: (start) => start.startsWith('\x1f\x8b') },
  {
    given: 'a tar archive',
    remedy: 'unpack it; PyTorch before 0.2 saved weights so: load and save them again in Python',
    matches: (start) => start.startsWith('ustar', 257),
  },
];

/** Files that are often found in place of the expected one, recognized by their first bytes (512 suffice). */
export function findStranger(start: Buffer): Stranger | undefined {
  const text = start.toString('latin1', 0, 512);
  return STRANGERS.find(({ matches }) => matches(text));
}
