import { displayName, figure, joined } from './format.ts';
import type { MethodMetrics } from './run-types.ts';

/** Additional figures about pixels of unseen classes: title and value of each column. */
export const UNSEEN_FIGURES: readonly (readonly [title: string, value: (metrics: MethodMetrics) => number | null])[] = [
  ['unseen mIoU', ({ unseenMIoU }) => unseenMIoU],
  ['rotated vectors', ({ control }) => control?.unseenMIoU ?? null],
  ['chance', ({ control }) => control?.chance ?? null],
  ['area', ({ curve }) => curve?.area ?? null],
  ['best hIoU', ({ curve }) => curve?.best.hIoU ?? null],
  ['unseen PA', ({ unseen }) => unseen?.PA ?? null],
  ['predicted unseen', ({ predictedUnseen = null }) => predictedUnseen],
  ['vanilla PA', ({ vanilla }) => vanilla?.PA ?? null],
  ['vanilla mIoU', ({ vanilla }) => vanilla?.mIoU ?? null],
];

/** The note under a table of {@link UNSEEN_FIGURES}. */
export const UNSEEN_NOTE =
  'Rotated vectors: the mean unseen mIoU when the vectors of the unseen classes change places among themselves; unseen mIoU has to ' +
  'exceed it before it shows transfer. Chance: unseen mIoU of as many pixels of each class, placed at random. Area and best hIoU: of ' +
  'the seen-unseen curve. Unseen PA: share of the pixels of unseen classes that are correct. Predicted unseen: share of all labelled pixels that ' +
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

/** Whether a result shows transfer, and what it lacks to tell, in sentences; the first method of several is the baseline. */
export function transferRemarks(methods: readonly ({ readonly name: string } & MethodMetrics)[]): {
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
} {
  const claims = methods.filter(({ unseenMIoU }) => unseenMIoU !== null && unseenMIoU > 0);
  const warnings = claims.flatMap(({ name, unseenMIoU, control }) => {
    const bars = [
      ['with rotated vectors', control?.unseenMIoU ?? null],
      ['by chance', control?.chance ?? null],
    ] as const;
    const reached = bars.filter(([, value]) => value !== null && unseenMIoU! <= value);
    if (reached.length === 0) return [];
    const others = reached.map(([words, value]) => `${figure(value)} ${words}`);
    return [
      `${displayName(name)} shows no transfer: its unseen mIoU is ${figure(unseenMIoU)}, against ${joined(others)}.`,
    ];
  });
  const unproven = claims.filter(({ control }) => (control?.unseenMIoU ?? null) === null);
  const notes = [
    ...(unproven.length > 0
      ? [
          `No control stands beside the unseen mIoU of ${joined(unproven.map(({ name }) => displayName(name)))}: whether the class vectors matter is not known.`,
        ]
      : []),
    ...claims.flatMap(({ name, perClass }) => {
      const never = perClass.filter(({ group, iou, support }) => group === 'unseen' && support > 0 && iou === 0);
      if (never.length === 0) return [];
      return [
        `${displayName(name)} never gets these unseen classes right: ${never.map((row) => row.name).join(', ')}.`,
      ];
    }),
  ];
  return { warnings, notes };
}
