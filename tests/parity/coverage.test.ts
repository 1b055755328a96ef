import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixturesFolder } from './fixture.ts';

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

const present = existsSync(fixturesFolder);
const fixtures = present
  ? readdirSync(fixturesFolder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
  : [];
const isTested = (fixture: string) => existsSync(join(import.meta.dirname, `${fixture}.test.ts`));

describe.skipIf(!present)(present ? 'fixtures' : `fixtures (there are none in ${fixturesFolder})`, () => {
  test('each has a test of its name or a reason to be covered later', () => {
    expect(fixtures.length).toBeGreaterThan(0);
    expect(fixtures.filter((name) => !isTested(name) && !Object.hasOwn(COVERED_LATER, name))).toEqual([]);
  });
});

test('what has a test is no longer listed as covered later', () => {
  expect(Object.keys(COVERED_LATER).filter(isTested)).toEqual([]);
});
