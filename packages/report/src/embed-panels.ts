import { readBytes, UserError } from '@unseen/core';
import type { Panel } from './run-folder.ts';
import type { EmbeddedImage } from './run-page.ts';

/** Panels whose pictures can all be shown. */
export interface EmbeddedPanels {
  readonly panels: readonly Panel[];
  /** Their pictures, by path. */
  readonly images: ReadonlyMap<string, EmbeddedImage>;
  /** A sentence for each of the others. */
  readonly damaged: readonly string[];
}

/** Reads the pictures of panels; a panel with one that cannot be read is left out, since the figures do not depend on it. */
export async function embedPanels(all: readonly Panel[]): Promise<EmbeddedPanels> {
  const panels: Panel[] = [];
  const images = new Map<string, EmbeddedImage>();
  const damaged: string[] = [];
  for (const panel of all) {
    const { id, image, truth, methods } = panel;
    try {
      for (const file of [image, ...(truth ? [truth] : []), ...Object.values(methods)]) {
        images.set(file, await embed(file));
      }
      panels.push(panel);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      damaged.push(`the pictures of ${id} are left out (${error.message})`);
    }
  }
  return { panels, images, damaged };
}

const PNG_SIGNATURE = '89504e470d0a1a0a';

/** A PNG as a data URI, with the size from its header. */
async function embed(path: string): Promise<EmbeddedImage> {
  const bytes = await readBytes(path);
  if (bytes.length < 24 || bytes.toString('hex', 0, 8) !== PNG_SIGNATURE) {
    throw new UserError({ given: `${path} is not a PNG file`, remedy: 'delete it or write the panels again' });
  }
  return {
    uri: `data:image/png;base64,${bytes.toString('base64')}`,
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
  };
}
