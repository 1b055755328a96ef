import { join } from 'node:path';
import { encodeIndexedPng } from '@unseen/formats';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { openDataset } from '../open-dataset.ts';
import { plainImage, writeFiles } from '../small-dataset.suite.ts';

const YAML = `name: town
layout: cityscapes
ignore: [0, 3, 29]
map: {7: road, 26: car, 24: 2}
classes: [{id: 0, name: road}, {id: 1, name: car}, {id: 2, name: person}]
`;

const grey = (data: Uint8Array | Uint16Array) => encodeIndexedPng({ height: 1, width: data.length, data });

async function town(yaml = YAML, objects = [7, 26001, 26001, 26000, 24, 29000]): Promise<string> {
  const folder = temporaryFolder();
  const one = (subset: string, city: string) => {
    const name = `${city}/${city}_000000_000019`;
    return {
      [`leftImg8bit/${subset}/${name}_leftImg8bit.png`]: plainImage(1, 6),
      [`gtFine/${subset}/${name}_gtFine_labelIds.png`]: grey(Uint8Array.of(7, 26, 26, 26, 24, 29)),
      [`gtFine/${subset}/${name}_gtFine_instanceIds.png`]: grey(Uint16Array.from(objects)),
      [`gtFine/${subset}/${name}_gtFine_color.png`]: plainImage(1, 6),
    };
  };
  const files = { ...one('train', 'ulm'), ...one('train', 'aachen'), ...one('val', 'munster') };
  await writeFiles(folder, { 'town.yaml': yaml, ...files });
  return join(folder, 'town.yaml');
}

test('the folders are the list; labels become classes; objects but no groups', async () => {
  const { train, val } = await openDataset(await town());
  expect(train.map(({ id }) => id)).toEqual(['aachen/aachen_000000_000019', 'ulm/ulm_000000_000019']);
  expect([...(await val[0].mask?.())!.data]).toEqual([0, 1, 1, 1, 2, 255]);
  const { items } = (await val[0].instances?.())!;
  expect(items.map(({ classId, box, score }) => ({ classId, box, score }))).toEqual([
    { classId: 1, box: [3, 0, 4, 1], score: 1 },
    { classId: 1, box: [1, 0, 3, 1], score: 1 },
  ]);
});

test('objects of unknown labels, labels that are missing, other folders', async () => {
  const { train } = await openDataset(await town(YAML, [7, 31001, 7, 7, 7, 7]));
  await expect(train[0].instances?.()).rejects.toThrow(/has the object 31001, of label 31, which no class has/);
  await expect(openDataset(await town(`${YAML}masks: gtCoarse\n`))).rejects.toThrow(/gtCoarse\/train does not exist/);
  const color = await openDataset(await town(`${YAML}labels: color\n`));
  await expect(color.train[0].mask?.()).rejects.toThrow('is a colour picture');
  expect(color.train[0].instances).toBeUndefined();
  const swapped = await openDataset(await town(`${YAML}folders: {train: val, val: train}\n`));
  expect([swapped.train.length, swapped.val.length]).toEqual([1, 2]);
});

test('a stored value that is mapped may not mean "unlabelled" as well', async () => {
  await expect(openDataset(await town(YAML.replace('29]', '26]')))).rejects.toThrow(
    /town\.yaml:4:\d+: 'map' has the value 26, which means "unlabelled"/,
  );
  await expect(openDataset(await town(YAML.replace('7: road', '7: roads')))).rejects.toThrow(
    /town\.yaml:4:\d+: 'map\.7' is 'roads', which is not a class.*did you mean 'road'/,
  );
});
