import { join } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '@unseen/core';
import { type ContactSheet, contactSheetPage, type SheetPicture } from './contact-sheet.ts';

/**
 * Writes `doctor.json` (everything that was found) and `index.html` (the same for people, with the pictures inside) into a
 * folder, each atomically, the page last.
 */
export async function writeContactSheet(
  sheet: ContactSheet,
  pictures: readonly SheetPicture[],
  out: string,
): Promise<{ readonly html: string; readonly json: string }> {
  const [html, json] = [join(out, 'index.html'), join(out, 'doctor.json')];
  await writeJsonAtomic(json, sheet);
  await writeFileAtomic(html, contactSheetPage(sheet, pictures));
  return { html, json };
}
