import { displayName, figure } from './format.ts';
import type { MethodMetrics } from './run-types.ts';

/** What is known of the pixels of unseen classes beside the usual figures: title and value of each column. */
export const UNSEEN_FIGURES: readonly (readonly [title: string, value: (metrics: MethodMetrics) => number | null])[] = [
  ['unseen PA', ({ unseen }) => unseen?.PA ?? null],
  ['predicted unseen', ({ predictedUnseen = null }) => predictedUnseen],
  ['vanilla PA', ({ vanilla }) => vanilla?.PA ?? null],
  ['vanilla mIoU', ({ vanilla }) => vanilla?.mIoU ?? null],
];

/** The note under a table of {@link UNSEEN_FIGURES}. */
export const UNSEEN_NOTE =
  'Unseen PA: share of the pixels of unseen classes that are right. Predicted unseen: share of all labelled pixels that ' +
  'an unseen class was given to. Vanilla: pixels of unseen classes, scored among the unseen classes alone.';

/** Rows of methods by {@link UNSEEN_FIGURES}, with their head; `undefined` where no value is known. */
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
