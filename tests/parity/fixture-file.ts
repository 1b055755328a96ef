/** The largest deviation that is allowed: abs + rel · max|expected|. */
export interface Tolerance {
  readonly abs: number;
  readonly rel: number;
}

/** A number of a scalar or a small structure; undefined figures are the text `nan`. */
export type Value = number | string | boolean | readonly Value[] | { readonly [key: string]: Value };

/** A tensor that is described by statistics and some of its entries, in PyTorch's layout. */
export interface Summary {
  readonly shape: readonly number[];
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  readonly flatIndex: readonly number[];
  readonly entry: readonly number[];
  readonly tolerance: Tolerance;
}

/** A parameter's gradient by its norm, its sum and some entries. */
export interface GradientSummary {
  readonly l2: number;
  readonly shape?: readonly number[];
  readonly sum?: number;
  /** Entries, and where they are; or those that come first. */
  readonly flatIndex?: readonly number[];
  readonly entry?: readonly number[];
  readonly first?: readonly number[];
}

/** Deviations of gradients: of the norm, relative to it, and of entries, relative to the larger of entry and mean entry. */
export interface GradientTolerance {
  readonly l2Rel: number;
  /** Default: that of the norm. */
  readonly entryAbs?: number;
}

/** A tensor of the authors' state dict. */
export interface StateEntry {
  readonly k: number;
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: string;
  readonly gain?: number;
  readonly sameAs?: string;
  readonly first: readonly number[];
  readonly sum: number;
}

/** The formula of the weights that are not stored. */
export interface WeightFormula {
  readonly gain?: number;
  readonly constants: {
    readonly a: number;
    readonly b: number;
    readonly c: number;
    readonly m: number;
    readonly q: string;
    readonly modulus: number;
    readonly biasScale: number;
    readonly bnBias: number;
    readonly bnMean: number;
    readonly bnPhase: number;
  };
}

/** The JSON half of a fixture. */
export interface FixtureFile {
  readonly fixture: string;
  readonly settings: Readonly<Record<string, Value>>;
  readonly quirks?: readonly string[];
  readonly tensors?: Readonly<
    Record<
      string,
      {
        readonly role: string;
        readonly shape: readonly number[];
        readonly meaning?: string;
        readonly tolerance?: Tolerance;
      }
    >
  >;
  readonly values?: Readonly<
    Record<string, { readonly value: Value; readonly meaning: string | null; readonly tolerance: Tolerance }>
  >;
  readonly summaries?: Readonly<Record<string, Summary>>;
  /** `null`: the loss does not depend on the parameter. */
  readonly gradients?: Readonly<Record<string, GradientSummary | null>>;
  readonly gradientTolerance?: GradientTolerance;
  readonly weightFormula?: WeightFormula;
  /** `stateDict`, `stateDictGenerator`, …: entries, or the text `as <fixture>`. */
  readonly [stateDict: `stateDict${string}`]: readonly StateEntry[] | string;
}
