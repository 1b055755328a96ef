import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { dataFolder, expandDataFolder } from './data-folder.ts';

test('a relative data folder is taken from the working directory, not from the file that names it', () => {
  const environment = { UNSEEN_DATA: 'data' };
  expect(dataFolder(environment)).toBe(resolve('data'));
  expect(expandDataFolder('$UNSEEN_DATA/voc12', environment)).toBe(resolve('data/voc12'));
  expect(expandDataFolder('$UNSEEN_DATA_/voc12', environment)).toBe('$UNSEEN_DATA_/voc12');
});

test('without the variable it is the data of the shared folder', () => {
  expect(dataFolder({ UNSEEN_SHARED: '/shared' })).toBe(join('/shared', 'data'));
  expect(expandDataFolder('here/$UNSEEN_DATA', {})).toBe('here/$UNSEEN_DATA');
});
