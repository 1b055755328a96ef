import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportDataset, openDataset } from '@unseen/data';
import { decodeRunLengths } from '@unseen/vision';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const data = join(process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../shared'), 'data');

async function yamlOf(text: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries({ ...files, 'd.yaml': text }))
    await writeFile(join(folder, name), content);
  return join(folder, 'd.yaml');
}

const vocClasses = (names: readonly string[]) =>
  `palette: voc\nclasses:\n${names.map((name, id) => `  - {id: ${id}, name: ${name}}`).join('\n')}\n`;

describe.skipIf(!existsSync(data))('layouts on real photos', () => {
  test('VOC: the objects of genuine annotations, whose ids may skip', async () => {
    const known = JSON.parse(readFileSync(join(data, 'voc12/SegmentationObject/instances.json'), 'utf8'));
    const names = readFileSync(join(data, 'voc12/classes.txt'), 'utf8').trim().split(/\s+/);
    const lists =
      'subsets: {train: $ROOT/ImageSets/Segmentation/instances.txt, val: $ROOT/ImageSets/Segmentation/val.txt}';
    const { train, val } = await openDataset(
      await yamlOf(`name: voc\nlayout: voc\nroot: ${join(data, 'voc12')}\n${lists}\n${vocClasses(names.slice(0, 21))}`),
    );
    expect(train.map(({ id }) => id).sort()).toEqual(Object.keys(known).sort());
    for (const sample of train) {
      const objects = await sample.instances?.().catch((error: Error) => error);
      if (objects instanceof Error) {
        // The augmented mask knows nothing of one of its people.
        expect(objects.message).toMatch(/object 9 of .*2010_005243\.png has no pixel of a class/);
        continue;
      }
      const { height, width, items } = objects!;
      const wanted: readonly { classId: number }[] = known[sample.id];
      expect(items.map(({ classId }) => classId)).toEqual(wanted.map(({ classId }) => classId));
      for (const { mask, box } of items) {
        const inside = decodeRunLengths(mask, height, width);
        expect(inside.lastIndexOf(1)).toBeGreaterThan(0);
        expect(Math.floor(inside.indexOf(1) / width)).toBe(box[1]);
        expect(Math.floor(inside.lastIndexOf(1) / width)).toBe(box[3] - 1);
      }
    }
    expect(val[0].instances).toBeUndefined();
  });

  test('the three images of labelme: an object id is missing', async () => {
    const text = readFileSync(join(data, 'voc_labelme/class_names.txt'), 'utf8');
    const names = text.split(/\r?\n/).map((line) => line.trim());
    const { train } = await openDataset(
      await yamlOf(
        `name: l\nlayout: voc\nroot: ${join(data, 'voc_labelme')}\nsubsets: {train: l.txt, val: l.txt}\n${vocClasses(names.filter(Boolean))}`,
        { 'l.txt': '2011_000003\n2011_000006\n2011_000025\n' },
      ),
    );
    const objects = await Promise.all(train.map(async (sample) => (await sample.instances?.())!.items));
    // Two people and a bottle; five people on a sofa with a chair, of which object 6 is missing; two buses and a car.
    expect(objects.map((items) => items.map(({ classId }) => classId))).toEqual([
      [15, 15, 5],
      [15, 15, 15, 9, 15, 18],
      [6, 6, 7],
    ]);
  });
});

describe.skipIf(!existsSync(data))('real photos in other layouts', () => {
  const panoptic = () => {
    const coco = readFileSync(join(import.meta.dirname, '../../datasets/coco200.yaml'), 'utf8')
      .replace('layout: folder', 'layout: coco-panoptic')
      .replace(/^(images|masks|subsets|root): .*\n/gm, '')
      .replace(/^prepare:\n( .*\n)*/m, '');
    return yamlOf(`${coco}root: ${join(data, 'coco_panoptic')}
images: {train: JPEGImages, val: JPEGImages}
masks: {train: panoptic, val: panoptic}
annotations: {train: panoptic_train2017.json, val: panoptic_val2017.json}
`);
  };

  test.each(['coco-panoptic', 'coco-instances', 'voc'] as const)('things and stuff of COCO as %s', async (layout) => {
    const whole = await openDataset(await panoptic());
    const few = { ...whole, train: whole.train.slice(0, 1), val: whole.val.slice(2, 4) };
    const folder = join(temporaryFolder(), 'data');
    const { yaml, objects } = await exportDataset(few, { layout, folder });
    expect(objects).toEqual({ written: 3, left: 0 });
    const again = await openDataset(yaml);
    expect(again.splits).toEqual(few.splits);
    for (const subset of ['train', 'val'] as const) {
      for (const [i, sample] of few[subset].entries()) {
        const other = again[subset][i];
        expect([other.id, other.imageLabels]).toEqual([sample.id, sample.imageLabels]);
        const [mask, image] = [(await sample.mask?.())!, await sample.image()];
        const [sameMask, sameImage] = [(await other.mask?.())!, await other.image()];
        expect([sameMask.height, sameMask.width]).toEqual([mask.height, mask.width]);
        expect(sameMask.data.every((value, i) => value === mask.data[i])).toBe(true);
        expect(Buffer.compare(sameImage.data, image.data)).toBe(0);
        const items = (await sample.instances?.())!.items;
        expect(items.length).toBeGreaterThan(0);
        expect((await other.instances?.())?.items).toEqual(items);
      }
    }
  });
});
