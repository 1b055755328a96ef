import { quantile } from './similarity.ts';

/** A class next to another. */
export interface Neighbour {
  readonly name: string;
  readonly cosine: number;
  /** Cosine of the vectors minus their overall mean, see {@link centred}. */
  readonly centredCosine: number;
}

/** Inspection of one class. */
export interface InspectedClass {
  readonly id: number;
  readonly name: string;
  readonly group?: 'seen' | 'unseen';
  readonly norm: number;
  /** Share of each part in the squared norm, in the order of the parts; empty if the parts are unknown. */
  readonly shares: readonly number[];
  /** The nearest other classes by cosine, best first. */
  readonly nearest: readonly Neighbour[];
  /** With a split: the nearest other seen class. */
  readonly nearestSeen?: Neighbour;
}

/** A part of all vectors, from one source. */
export interface TablePart {
  readonly source: string;
  readonly start: number;
  readonly end: number;
  /** Smallest, mean and largest norm of the part. */
  readonly norms: readonly [number, number, number];
  /** Smallest, mean and largest share in the squared norm of the whole. */
  readonly shares: readonly [number, number, number];
}

/** Something suspicious about a class table. */
export interface TableWarning {
  readonly kind: 'zero' | 'not-finite' | 'length' | 'parts' | 'duplicate' | 'far';
  readonly message: string;
  /** Names of the affected classes; empty if all are affected. */
  readonly classes: readonly string[];
}

/**
 * Cosines from which two classes count as identical: of the vectors, and of the vectors minus the overall mean, which
 * dominates those of CLIP.
 */
const SAME = 0.95;
const SAME_CENTRED = 0.9;
/** Cosine of rows that are equal up to rounding. */
const EQUAL = 0.9999;
/** Tolerated deviation of a part from an equal share of the squared norm. */
const UNEVEN = 0.02;
const FAR_QUANTILE = 0.1;
const MIN_SEEN = 5;

/**
 * Suspicious findings about a table, worst first. The cosines are those of all pairs, of the vectors and of the vectors
 * minus their mean.
 */
export function findWarnings(
  classes: readonly InspectedClass[],
  parts: readonly TablePart[],
  vectors: readonly Float32Array[],
  cosines: Float64Array,
  centredCosines: Float64Array,
): TableWarning[] {
  return [
    ...findBroken(classes, vectors),
    ...findParts(parts),
    ...findLengths(classes),
    ...findDuplicates(classes, cosines, centredCosines),
    ...findFar(classes),
  ];
}

function findBroken(classes: readonly InspectedClass[], vectors: readonly Float32Array[]): TableWarning[] {
  const named = (test: (vector: Float32Array) => boolean) =>
    classes.filter((_, i) => test(vectors[i])).map(({ name }) => name);
  const broken = named((vector) => !vector.every(Number.isFinite));
  const zero = named((vector) => vector.every((value) => value === 0));
  return [
    ...when(broken, 'not-finite', `numbers that are not finite: ${broken.join(', ')}; training on them gives nan`),
    ...when(zero, 'zero', `nothing but zeros: ${zero.join(', ')}; the vector says nothing of the class`),
  ];
}

function findParts(parts: readonly TablePart[]): TableWarning[] {
  const uneven = parts.some(({ shares }) => Math.max(...shares.map((x) => Math.abs(x - 1 / parts.length))) > UNEVEN);
  if (parts.length < 2 || !uneven) return [];
  const shares = parts.map(({ source, shares: [low, , high] }) => `${source} ${percent(low)} to ${percent(high)}`);
  const message =
    `sources have unequal norms: their shares of the squared norm are ${shares.join(', ')}; ` +
    "'normalize: parts' gives them equal weight";
  return [{ kind: 'parts', message, classes: [] }];
}

function findLengths(classes: readonly InspectedClass[]): TableWarning[] {
  const norms = classes.map((one) => one.norm);
  const [low, high] = [Math.min(...norms), Math.max(...norms)];
  if (Math.abs(low - 1) < 1e-3 && Math.abs(high - 1) < 1e-3) return [];
  const message = `the vectors do not have unit norm (${low.toFixed(3)} to ${high.toFixed(3)}), which is right for ZS3Net's tables only`;
  return [{ kind: 'length', message, classes: [] }];
}

function findDuplicates(
  classes: readonly InspectedClass[],
  cosines: Float64Array,
  centredCosines: Float64Array,
): TableWarning[] {
  const count = classes.length;
  const warnings: TableWarning[] = [];
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      const cosine = cosines[i * count + j];
      const isSame = cosine >= SAME && centredCosines[i * count + j] >= SAME_CENTRED;
      if (!isSame && !(cosine >= EQUAL)) continue;
      const names = [classes[i].name, classes[j].name];
      const message = `'${names[0]}' and '${names[1]}' are nearly identical (cosine ${cosine.toFixed(3)}) and cannot be told apart`;
      warnings.push({ kind: 'duplicate', message, classes: names });
    }
  }
  return warnings;
}

/**
 * Unseen classes that are farther from every seen class than nine in ten seen classes are from their nearest seen
 * class. What counts as close depends on the vectors: CLIP's cosines are all high, those of word2vec low.
 */
function findFar(classes: readonly InspectedClass[]): TableWarning[] {
  const bests = classes.flatMap(({ group, nearestSeen }) =>
    group === 'seen' && nearestSeen ? nearestSeen.cosine : [],
  );
  if (bests.length < MIN_SEEN) return [];
  const usual = quantile(bests, FAR_QUANTILE);
  return classes.flatMap(({ name, group, nearestSeen }): TableWarning[] => {
    if (group !== 'unseen' || !nearestSeen || nearestSeen.cosine >= usual) return [];
    const { name: near, cosine } = nearestSeen;
    const message =
      `the unseen class '${name}' is far from all seen classes (nearest: '${near}', cosine ${cosine.toFixed(2)}; ` +
      `nine in ten seen classes have a neighbour above ${usual.toFixed(2)}), so its features are hard to infer`;
    return [{ kind: 'far', message, classes: [name] }];
  });
}

function when(classes: readonly string[], kind: TableWarning['kind'], message: string): TableWarning[] {
  return classes.length > 0 ? [{ kind, message, classes }] : [];
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
