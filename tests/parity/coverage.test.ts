import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { committedFolder, fixtureNames, namesIn } from './folders.ts';

/** Fixtures without a file of their name here, and why. */
const COVERED_LATER: Readonly<Record<string, string>> = {
  'irn-pathindex': 'the method IRNet is not built yet',
  'irn-losses': 'the method IRNet is not built yet',
  'irn-walk': 'the method IRNet is not built yet',
  'irn-instances': 'the method IRNet is not built yet',
  'irn-irlabel': 'the method IRNet is not built yet',
  'mcis-localize': 'the method MCIS is not built yet',
  'eln-losses': 'the method ELN is not built yet',
  'eln-contrast': 'the method ELN is not built yet',
  'roi-ops': 'operations on regions are not built yet',
  boxes: 'operations on boxes are not built yet',
  wsddn: 'the detector WSDDN is not built yet',
  'excitation-bp': 'excitation backpropagation is not built yet',
  'irn-cam-step': 'training of IRNet is not built yet',
  'irn-cam-step-full': 'training of IRNet is not built yet',
  'irn-step': 'training of IRNet is not built yet',
  'irn-step-full': 'training of IRNet is not built yet',
  'irn-pipeline-labels': 'the method IRNet is not built yet',
  'mcis-steps': 'training of MCIS is not built yet',
  'mcis-steps-full': 'training of MCIS is not built yet',
  'mcis-localize-rounds': 'the method MCIS is not built yet',
  'eln-phases': 'training of ELN is not built yet',
  'eln-evaluate': 'the method ELN is not built yet',
  'layer-ops': 'layer norm, GELU and attention are not built yet',
  'vit-clip-image': 'vision transformers are not built yet',
  'vit-clip-text': 'vision transformers are not built yet',
  'vit-dinov2': 'vision transformers are not built yet',
  'vit-clip-dense': 'vision transformers are not built yet',
  'clip-tokenizer': "CLIP's text tower is not built yet",
  'clip-class-vectors': "CLIP's text tower is not built yet",
  resize: 'in part, in packages/vision/src/resize.test.ts; PIL and antialiasing are not built yet',
  augment: 'in part, in packages/vision/src/resize.test.ts; the augmentations of the other methods are not built yet',
};

const isTested = (fixture: string) => existsSync(join(import.meta.dirname, `${fixture}.test.ts`));

test('each fixture, committed or shared, has a test of its name or a reason to be covered later', () => {
  expect(fixtureNames().filter((name) => !isTested(name) && !Object.hasOwn(COVERED_LATER, name))).toEqual([]);
});

test('what has a test is no longer listed as covered later', () => {
  expect(Object.keys(COVERED_LATER).filter(isTested)).toEqual([]);
});

test('committed fixtures are whole, small, and say nothing about the machine that they were made on', () => {
  expect(namesIn(committedFolder).size).toBeGreaterThan(0);
  const files = readdirSync(committedFolder);
  const named = files.filter((file) => file.endsWith('.json')).map((file) => [file, readCommitted(file)] as const);
  // Tensors without a description are useless; a description without tensors is what another fixture refers to.
  const described = new Set(named.map(([file]) => file.replace(/json$/, 'safetensors')));
  expect(files.filter((file) => file.endsWith('.safetensors') && !described.has(file))).toEqual([]);
  const referred = named.flatMap(([, text]) => [...text.matchAll(/"as ([\w-]+)"/g)].map(([, name]) => name));
  const whole = namesIn(committedFolder);
  const alone = named.map(([file]) => file.slice(0, -'.json'.length)).filter((name) => !whole.has(name));
  expect(alone.filter((name) => !referred.includes(name))).toEqual([]);
  expect(referred.filter((name) => !files.includes(`${name}.json`))).toEqual([]);

  const isPrivate =
    /(?:^|[\s"'=:(])(?:~?\/(?:home|root|Users|tmp|work|mnt|data|var|srv|opt)\/|[A-Z]:\\\\)|localhost|\b(?:10|127|192\.168)(?:\.\d+){2,3}\b/;
  expect(named.filter(([, text]) => isPrivate.test(text)).map(([file]) => file)).toEqual([]);
});

function readCommitted(file: string): string {
  return readFileSync(join(committedFolder, file), 'utf8');
}
