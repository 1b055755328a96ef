import { displayName, figure } from './format.ts';
import type { MethodMetrics } from './run-types.ts';

/** Additional figures about pixels of unseen classes: title and value of each column. */
export const UNSEEN_FIGURES: readonly (readonly [title: string, value: (metrics: MethodMetrics) => number | null])[] = [
  ['unseen PA', ({ unseen }) => unseen?.PA ?? null],
  ['predicted unseen', ({ predictedUnseen = null }) => predictedUnseen],
  ['vanilla PA', ({ vanilla }) => vanilla?.PA ?? null],
  ['vanilla mIoU', ({ vanilla }) => vanilla?.mIoU ?? null],
];

/** The note under a table of {@link UNSEEN_FIGURES}. */
export const UNSEEN_NOTE =
  'Unseen PA: share of the pixels of unseen classes that are correct. Predicted unseen: share of all labelled pixels that ' +
  'are predicted as an unseen class. Vanilla: pixels of unseen classes, predicted among the unseen classes only.';

/** Table of methods by {@link UNSEEN_FIGURES}; `undefined` if no value is known. */
export function unseenTable<T>(
  methods: readonly { readonly label: string; readonly values: readonly T[] }[],
  write: (value: T) => string,
): { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] } | undefined {
  const rows = methods.map(({ label, values }) => [label, ...values.map(write)]);
  const isUnknown = rows.every(([, ...cells]) => cells.every((cell) => cell === '–'));
  return isUnknown ? undefined : { head: ['method', ...UNSEEN_FIGURES.map(([title]) => title)], rows };
}

/** {@link unseenTable} of the methods of one run. */
export function unseenOf(methods: readonly ({ readonly name: string } & MethodMetrics)[]) {
  return unseenTable(
    methods.map((method) => ({
      label: displayName(method.name),
      values: UNSEEN_FIGURES.map(([, value]) => value(method)),
    })),
    figure,
  );
}
