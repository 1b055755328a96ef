import { crfPresets, type DenseCrfOptions, denseCrf, unaryOfLabels, unaryOfProbabilities } from '@unseen/vision';
import { expect, test } from 'vitest';
import { type Fixture, parity } from './fixture.ts';
import { channelsFirst, channelsLast } from './layout.ts';

interface Parameters {
  readonly sxyG: number;
  readonly wG: number;
  readonly sxyB: number;
  readonly srgb: number;
  readonly wB: number;
  readonly it: number;
}

const optionsOf = ({ sxyG, wG, sxyB, srgb, wB, it }: Parameters): DenseCrfOptions => ({
  iterations: it,
  terms: [
    { position: sxyG, weight: wG },
    { position: sxyB, color: srgb, weight: wB },
  ],
});

function imageOf(fixture: Fixture, name: string) {
  const { shape, values } = fixture.tensor(name);
  return { height: shape[0], width: shape[1], data: Uint8Array.from(values) };
}

/** Probabilities [labels, h, w] as [h · w · labels]. */
const probabilitiesOf = (fixture: Fixture, name: string) => {
  const { shape, values } = fixture.tensor(name);
  return channelsLast(values, [1, ...shape]);
};

/** The first maps of [h · w · labels] as [count, h, w]. */
const firstMaps = (values: Float32Array, [height, width]: readonly number[], count: number) =>
  channelsFirst(values, [1, values.length / height / width, height, width]).slice(0, count * height * width);

/** The likeliest label of each pixel and how far it is ahead of the second. */
function ranked(posterior: Float32Array, labels: number) {
  return Array.from({ length: posterior.length / labels }, (_, pixel) => {
    const scores = [...posterior.subarray(pixel * labels, (pixel + 1) * labels)];
    const sorted = scores.toSorted((a, b) => b - a);
    return { label: scores.indexOf(sorted[0]), margin: sorted[0] - sorted[1] };
  });
}

test('the presets are the parameters of the authors', () => {
  expect(crfPresets).toEqual({
    spnet: optionsOf({ sxyG: 1, wG: 3, sxyB: 67, srgb: 3, wB: 4, it: 10 }),
    irnet: optionsOf({ sxyG: 3, wG: 3, sxyB: 50, srgb: 5, wB: 10, it: 10 }),
    mcis: optionsOf({ sxyG: 3, wG: 1, sxyB: 80, srgb: 4, wB: 3, it: 1 }),
    labelPenet: optionsOf({ sxyG: 3, wG: 3, sxyB: 80, srgb: 13, wB: 10, it: 10 }),
  });
});

await parity('densecrf', (fixture) => {
  const sets = fixture.setting<Record<string, never>>('sets') as unknown as Record<string, Parameters>;
  const image = imageOf(fixture, 'image');
  const size = [image.height, image.width];

  const [, labelCount, confidence] = /(\d+) labels, gt_prob ([\d.]+)/.exec(fixture.tensorMeaning('hard'))!;
  const unaryHard = unaryOfLabels(fixture.integers('hard').values, Number(labelCount), Number(confidence));
  const unarySoft = unaryOfProbabilities(probabilitiesOf(fixture, 'prob'));
  const countOf = (tensor: string) => fixture.tensor(tensor).shape[0];

  test('energies of probabilities and of labels', () => {
    fixture.expectTensor('unarySoftmax', firstMaps(unarySoft, size, countOf('unarySoftmax')));
    fixture.expectTensor('unaryLabels', firstMaps(unaryHard, size, countOf('unaryLabels')));
  });

  test.for(Object.keys(sets))('lattice of %s', (set) => {
    const unary = set === 'irnet' ? unaryHard : unarySoft;
    const labels = unary.length / image.height / image.width;
    const options = optionsOf(sets[set]);
    const run = (iterations: number) => denseCrf(image, unary, { ...options, iterations });
    const posterior = run(options.iterations);
    fixture.expectTensor(`${set}_Q`, firstMaps(posterior, size, countOf(`${set}_Q`)));
    const [[earlyName, iterations]] = fixture.tensorsLike(new RegExp(`^${set}_Q0((?:_it\\d+)+)$`));
    const early = iterations.match(/\d+/g)!.flatMap((count) => [...firstMaps(run(Number(count)), size, 1)]);
    fixture.expectTensor(earlyName, early);
    const { values } = fixture.tensor(`${set}_label`);
    const ours = ranked(posterior, labels);
    const agreement = ours.filter(({ label }, i) => label === values[i]).length / values.length;
    expect(agreement).toBeGreaterThanOrEqual(fixture.value<number>(`${set}_minAgreement`));
    fixture.leaveOut([
      `tensors/${set}_label`,
      `values/${set}_minAgreement`,
      `values/${set}_ambiguous`,
      `values/${set}_seconds`,
    ]);
  });

  const small = imageOf(fixture, 'smallImage');
  const smallSize = [small.height, small.width];
  const unary = unaryOfProbabilities(probabilitiesOf(fixture, 'smallProb'));
  const cases = fixture
    .tensorsLike(/^exact_(.+)_it(\d+)$/)
    .map(([name, set, iterations]) => ({ name, set, iterations }));
  test.for(cases)('$name, and the lattice, on a small image', ({ name, set, iterations }) => {
    const options = { ...optionsOf(sets[set]), iterations: Number(iterations) };
    const exact = denseCrf(small, unary, { ...options, engine: 'exact' });
    fixture.expectTensor(name, firstMaps(exact, smallSize, countOf(name)));
    const lattice = name.replace('exact', 'lattice');
    fixture.expectTensor(lattice, firstMaps(denseCrf(small, unary, options), smallSize, countOf(lattice)));
  });

  test('what says something about other programs only', () => {
    fixture.leaveOut(fixture.valueNames('latticeVsExact').map((name) => `values/${name}`));
    fixture.leaveOut(['values/spnetOfficialCallEqual']);
  });
});
