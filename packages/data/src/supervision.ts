import { type Dataset, type RgbImage, type Sample, UserError } from '@unseen/core';
import { checkSplit } from './contiguous-labels.ts';
import { type GuardedTraining, SeenOnlySample } from './leakage-guard.ts';

/** What a method may learn from. The guard hides everything else. */
export type Supervision =
  /** Masks of some classes (raw ids); pixels of others are unlabelled. */
  | { readonly kind: 'pixels'; readonly classes: readonly number[] }
  /** Which classes (raw ids) an image shows, and nothing of where. */
  | { readonly kind: 'imageLabels'; readonly classes: readonly number[] }
  /** Masks of some images, by id, in which these classes (raw ids) count; the others are images alone. */
  | { readonly kind: 'subset'; readonly classes: readonly number[]; readonly labelled: readonly string[] };

/** An image and which classes it shows: it has no mask and no objects. Only {@link guard} makes one. */
export class ImageLabelSample implements Pick<Sample, 'id' | 'image' | 'imageLabels'> {
  readonly id: string;
  /** Raw ids of the allowed classes that it shows. */
  readonly imageLabels: readonly number[];
  readonly #sample: Sample;

  private constructor(sample: Sample, classes: ReadonlySet<number>, labels: readonly number[]) {
    this.#sample = sample;
    this.id = sample.id;
    this.imageLabels = labels.filter((id) => classes.has(id));
  }

  /** A sample with its image labels, which must be known. */
  static of(sample: Sample, classes: ReadonlySet<number>): ImageLabelSample {
    if (sample.imageLabels) return new ImageLabelSample(sample, classes, sample.imageLabels);
    throw new UserError({
      given: `the image '${sample.id}' has no image labels`,
      expected: 'the classes that each training image shows',
      remedy: "name a list of them in the dataset's YAML: see docs/datasets.md",
    });
  }

  image(): Promise<RgbImage> {
    return this.#sample.image();
  }
}

/** An image of which nothing else is known. Only {@link guard} makes one. */
export class UnlabelledSample implements Pick<Sample, 'id' | 'image'> {
  readonly id: string;
  readonly #sample: Sample;

  private constructor(sample: Sample) {
    this.#sample = sample;
    this.id = sample.id;
  }

  /** A sample without anything but its image. */
  static of(sample: Sample): UnlabelledSample {
    return new UnlabelledSample(sample);
  }

  image(): Promise<RgbImage> {
    return this.#sample.image();
  }
}

/** What is left of the training images under each kind of supervision. */
export interface Guarded {
  readonly pixels: GuardedTraining;
  readonly imageLabels: { readonly samples: readonly ImageLabelSample[] };
  readonly subset: { readonly labelled: GuardedTraining; readonly unlabelled: readonly UnlabelledSample[] };
}

/**
 * The guard: the training images of a dataset with everything hidden that the supervision does not allow. What comes out has
 * no way back to what is hidden, and training code takes nothing else.
 *
 * @throws UserError for classes that the dataset does not have, for ids of no training image, and for images without image
 * labels where these are learned from
 */
export function guard<S extends Supervision>(dataset: Dataset, supervision: S): Guarded[S['kind']] {
  const split = { seen: supervision.classes, unseen: [] };
  checkSplit(split);
  requireClasses(dataset, supervision.classes);
  const pixels = (samples: readonly Sample[]): GuardedTraining => ({
    split,
    samples: samples.map((sample) => SeenOnlySample.of(sample, split)),
  });
  const classes = new Set(supervision.classes);
  const guarded: { readonly [K in Supervision['kind']]: () => Guarded[K] } = {
    pixels: () => pixels(dataset.train),
    imageLabels: () => ({ samples: dataset.train.map((sample) => ImageLabelSample.of(sample, classes)) }),
    subset: () => {
      const labelled = new Set('labelled' in supervision ? supervision.labelled : []);
      requireImages(dataset, labelled);
      return {
        labelled: pixels(dataset.train.filter(({ id }) => labelled.has(id))),
        unlabelled: dataset.train.filter(({ id }) => !labelled.has(id)).map(UnlabelledSample.of),
      };
    },
  };
  return guarded[supervision.kind]() as Guarded[S['kind']];
}

function requireClasses({ name, classes }: Dataset, ids: readonly number[]): void {
  const known = new Set(classes.map(({ id }) => id));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length === 0) return;
  throw new UserError({
    given: `supervision by classes ${unknown.join(', ')}`,
    expected: `class ids of the dataset ${name}`,
  });
}

function requireImages({ name, train }: Dataset, ids: ReadonlySet<string>): void {
  if (ids.size === 0) throw new UserError({ given: 'a labelled subset without images', expected: 'at least one' });
  const known = new Set(train.map(({ id }) => id));
  const unknown = [...ids].filter((id) => !known.has(id));
  if (unknown.length === 0) return;
  throw new UserError({
    given: `${unknown.length} labelled images that dataset ${name} does not have: ${unknown.slice(0, 3).join(', ')}`,
    expected: 'ids of its training images',
  });
}
