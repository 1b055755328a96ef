import { appendFile, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic, writeJsonAtomic } from '@unseen/core';
import { z } from 'zod';
import type { ImageResult } from './convert-image.ts';

const head = z.object({ key: z.string() });
const result = z.object({
  id: z.string(),
  counts: z.array(z.tuple([z.number(), z.number()])),
  outputs: z.array(z.tuple([z.string(), z.number()])),
});

/**
 * What has been done for a dataset so far: a line for every finished image, behind the settings that it was made with.
 * A line that was cut short or damaged is an image that is done again.
 */
export class Journal {
  readonly folder: string;
  /** Images by id. */
  readonly done = new Map<string, ImageResult>();
  private key: string | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(folder: string): Promise<Journal> {
    const journal = new Journal(folder);
    await makeFolder(folder);
    const text = await readFile(journal.path, 'utf8').catch(() => '');
    const [first = '', ...lines] = text.split('\n');
    journal.key = parsed(first, head)?.key;
    for (const line of lines) {
      const image = parsed(line, result);
      if (image) journal.done.set(image.id, image);
    }
    return journal;
  }

  /** Whether there are images that were made with other settings. */
  isOfOtherSettings(key: string): boolean {
    return this.key !== undefined && this.key !== key;
  }

  /** Begins a run: images of other settings are forgotten, and a line that was cut short goes. */
  async begin(key: string): Promise<void> {
    if (this.key !== key) this.done.clear();
    this.key = key;
    await this.write([...this.done.values()]);
  }

  async add(result: ImageResult): Promise<void> {
    this.done.set(result.id, result);
    await appendFile(this.path, `${JSON.stringify(result)}\n`);
  }

  /** Puts the images in order, whatever order they were made in. */
  async finish(ids: readonly string[]): Promise<void> {
    await this.write(ids.flatMap((id) => this.done.get(id) ?? []));
  }

  /** Whether all that was written for an image is still there, by its paths from a folder. */
  async isWhole({ outputs }: ImageResult, root: string): Promise<boolean> {
    for (const [path, bytes] of outputs) {
      const there = await stat(join(root, path)).catch(() => undefined);
      if (there?.size !== bytes) return false;
    }
    return true;
  }

  /** A file of the journal's folder that holds JSON; `undefined` if there is none of this form. */
  async read<T>(name: string, form: z.ZodType<T>): Promise<T | undefined> {
    return parsed(await readFile(join(this.folder, name), 'utf8').catch(() => ''), form);
  }

  async save(name: string, value: unknown): Promise<void> {
    await writeJsonAtomic(join(this.folder, name), value);
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.folder, name), { recursive: true, force: true });
  }

  private get path(): string {
    return join(this.folder, 'journal.jsonl');
  }

  private write(results: readonly ImageResult[]): Promise<void> {
    const lines = [{ key: this.key }, ...results].map((line) => `${JSON.stringify(line)}\n`);
    return writeFileAtomic(this.path, lines.join(''));
  }
}

function parsed<T>(text: string, form: z.ZodType<T>): T | undefined {
  try {
    return form.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
