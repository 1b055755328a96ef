import type { TableInspection } from '@unseen/embeddings';
import { encodeRgbPng } from '@unseen/formats';
import { heatPicture } from '@unseen/vision';

const CELL = 14;
const CHARACTER = 7;

/**
 * The cosines of all pairs of classes as an SVG picture: dark is 0 or less, bright is 1. The names stand at the rows and columns, and
 * lines part seen from unseen classes. The cells are one small image in it, so that hundreds of classes make no large file.
 */
export function similarityPicture({ classes, cosines }: TableInspection, title: string): string {
  const count = classes.length;
  const cells = heatPicture({ height: count, width: count, data: Float32Array.from(cosines) }, { range: [0, 1] });
  const image = Buffer.from(encodeRgbPng(cells)).toString('base64');
  const margin = CHARACTER * Math.max(...classes.map(({ name }) => name.length)) + 16;
  const side = count * CELL;
  const seen = classes.filter(({ group }) => group === 'seen').length;
  const at = margin + seen * CELL;
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#d33" stroke-width="2"/>`;
  const border = seen > 0 && seen < count;
  const names = classes.flatMap(({ name, group }, i) => {
    const middle = margin + (i + 0.5) * CELL;
    const weight = group === 'unseen' ? ' font-weight="bold"' : '';
    const text = escaped(name);
    return [
      `<text x="${margin - 6}" y="${middle}" text-anchor="end" dominant-baseline="central"${weight}>${text}</text>`,
      `<text transform="translate(${middle} ${margin - 6}) rotate(-90)" dominant-baseline="central"${weight}>${text}</text>`,
    ];
  });
  const size = margin + side + 8;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" width="${size}" height="${size}" font-family="system-ui, sans-serif" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${size}" height="${size}" fill="white"/>`,
    `<image x="${margin}" y="${margin}" width="${side}" height="${side}" preserveAspectRatio="none" style="image-rendering: pixelated" href="data:image/png;base64,${image}"/>`,
    ...(border ? [line(at, margin, at, margin + side), line(margin, at, margin + side, at)] : []),
    ...names,
    '</svg>',
  ].join('\n')}\n`;
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
