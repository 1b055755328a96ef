import { readdir, rm } from 'node:fs/promises';
import {
  ignoreOf,
  type LabelMap,
  type RgbImage,
  writeFileAtomic,
  writeJsonAtomic,
  type ZeroShotSplit,
} from '@unseen/core';
import { encodeRgbPng } from '@unseen/formats';
import { type Color, paintLabels, resizeRgb } from '@unseen/vision';
import type { ClassProtocol } from '../classes.ts';
import type { EvaluationImage } from '../evaluation.ts';

/** How much of its colour a pixel keeps that is not scored. */
const PALE = 0.3;

/**
 * Chooses images for the report while they pass by: the first that show an unseen class which none shows yet, and as many
 * others as leave room for these.
 */
export class PanelChoice {
  private left: number;
  private readonly firstUnseen: number;
  private readonly missing: Set<number>;

  constructor(count: number, { seen, unseen }: ZeroShotSplit) {
    this.left = count;
    this.firstUnseen = seen.length;
    this.missing = new Set(unseen.map((_, i) => seen.length + i));
  }

  /** Whether the image with this truth, as train ids, is taken. */
  takes(truth: LabelMap): boolean {
    if (this.left === 0) return false;
    const before = this.missing.size;
    if (before > 0) for (const label of truth.data) if (label >= this.firstUnseen) this.missing.delete(label);
    if (this.missing.size === before && this.left <= before) return false;
    this.left--;
    return true;
  }
}

/** Writes the pictures of an image: photo, truth, and what each method predicts, pale where the truth is unlabelled. */
export class PanelWriter {
  private readonly file: (...parts: string[]) => string;
  private readonly protocol: ClassProtocol;
  private readonly colors: ReadonlyMap<number, Color>;

  constructor(file: (...parts: string[]) => string, protocol: ClassProtocol) {
    this.file = file;
    this.protocol = protocol;
    this.colors = new Map(protocol.classes.map(({ color }, trainId) => [trainId, color]));
  }

  /** Removes the pictures of an earlier evaluation: all of an image whose photo and truth lie in the folder. */
  async clear(): Promise<void> {
    const names = await readdir(this.file('panels')).catch((error: NodeJS.ErrnoException): string[] => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const ids = names.flatMap((name) => (name.endsWith('.image.png') ? [name.slice(0, -'.image.png'.length)] : []));
    const old = ids.filter((id) => names.includes(`${id}.truth.png`));
    const pictures = names.filter((name) => name.endsWith('.png') && old.some((id) => name.startsWith(`${id}.`)));
    for (const name of pictures) await rm(this.file('panels', name));
  }

  async write({ id, truth, image }: EvaluationImage, predictions: Readonly<Record<string, LabelMap>>): Promise<void> {
    const photo = resizeRgb(await image(), truth.height, truth.width);
    await this.save(id, 'image', photo);
    await this.save(id, 'truth', paintLabels(truth, this.colors));
    const unlabelled = ignoreOf(truth.data);
    for (const [method, prediction] of Object.entries(predictions)) {
      const picture = paintLabels(prediction, this.colors);
      const { data } = picture;
      for (let i = 0; i < data.length; i++) {
        if (truth.data[Math.floor(i / 3)] === unlabelled) data[i] = Math.round(255 - PALE * (255 - data[i]));
      }
      await this.save(id, method, picture);
    }
  }

  writeLegend(): Promise<void> {
    const unseen = new Set(this.protocol.split.unseen);
    const legend = this.protocol.classes.map(({ id, name, color }) => ({
      name,
      color,
      group: unseen.has(id) ? 'unseen' : 'seen',
    }));
    return writeJsonAtomic(this.file('panels/legend.json'), legend);
  }

  private async save(id: string, kind: string, picture: RgbImage): Promise<void> {
    const name = `${id.replaceAll(/[^\w.-]/g, '_')}.${kind}.png`;
    await writeFileAtomic(this.file('panels', name), encodeRgbPng(picture));
  }
}
