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

await parity('densecrf', (fixture) => {
  const sets = fixture.setting<Record<string, never>>('sets') as unknown as Record<string, Parameters>;
  const image = imageOf(fixture, 'image');
  const size = [image.height, image.width];

  test('the presets are the parameters of the authors', () => {
    const { spnet, irnet, mcis, penet } = sets;
    expect(crfPresets).toEqual({
      spnet: optionsOf(spnet),
      irnet: optionsOf(irnet),
      mcis: optionsOf(mcis),
      labelPenet: optionsOf(penet),
    });
  });

  test('energies of probabilities and of labels', () => {
    const unary = unaryOfProbabilities(probabilitiesOf(fixture, 'prob'));
    fixture.expectTensor('unarySoftmax', firstMaps(unary, size, 2));
    fixture.expectTensor('unaryLabels', firstMaps(unaryOfLabels(fixture.integers('hard').values, 3, 0.7), size, 3));
  });

  test.for(Object.keys(sets))('lattice of %s', (set) => {
    const unary =
      set === 'irnet'
        ? unaryOfLabels(fixture.integers('hard').values, 3, 0.7)
        : unaryOfProbabilities(probabilitiesOf(fixture, 'prob'));
    const labels = unary.length / image.height / image.width;
    const options = optionsOf(sets[set]);
    const run = (iterations: number) => denseCrf(image, unary, { ...options, iterations });
    const posterior = run(options.iterations);
    fixture.expectTensor(`${set}_Q`, firstMaps(posterior, size, 3));
    const early = [1, 3].flatMap((iterations) => [...firstMaps(run(iterations), size, 1)]);
    fixture.expectTensor(`${set}_Q0_it1_it3`, early);
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
  const cases = Object.keys(sets).flatMap((set) => [1, 10].map((iterations) => ({ set, iterations })));
  test.for(cases.filter(({ set, iterations }) => fixture.has(`exact_${set}_it${iterations}`)))(
    'exact and lattice of $set after $iterations iterations on a small image',
    ({ set, iterations }) => {
      const options = { ...optionsOf(sets[set]), iterations };
      const exact = denseCrf(small, unary, { ...options, engine: 'exact' });
      fixture.expectTensor(`exact_${set}_it${iterations}`, firstMaps(exact, smallSize, 4));
      const lattice = denseCrf(small, unary, options);
      fixture.expectTensor(`lattice_${set}_it${iterations}`, firstMaps(lattice, smallSize, 4));
    },
  );

  test('what says something about other programs only', () => {
    fixture.leaveOut(fixture.valueNames('latticeVsExact').map((name) => `values/${name}`));
    fixture.leaveOut(['values/spnetOfficialCallEqual']);
  });
});
