import type { Methods } from '@unseen/experiment';
import type { InferredOptionTypes, Options, PositionalOptions } from 'yargs';
import type { Terminal } from './terminal.ts';

/** Names and descriptions of arguments, as yargs takes them. */
export type OptionTable = Readonly<Record<string, Options>>;

/** What a verb works with besides its arguments. */
export interface VerbContext {
  readonly terminal: Terminal;
  /** The methods that experiments may name. */
  methods(): Promise<Methods>;
}

/** What a verb does, and how its help describes it. */
export interface VerbDefinition<O extends OptionTable, P extends Readonly<Record<string, PositionalOptions>>> {
  readonly positionals: P;
  readonly options: O;
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [command: string, description: string])[];
  /**
   * Does the work, prints for people on the terminal, and gives back the object that `--json` prints.
   * Packages that compute are imported here and not above, so that help and mistakes are answered at once.
   */
  run(args: InferredOptionTypes<O> & InferredOptionTypes<P>, context: VerbContext): Promise<object>;
}

/** A verb whose arguments' types are known to itself alone. */
export interface Verb {
  readonly positionals: Readonly<Record<string, PositionalOptions>>;
  readonly options: OptionTable;
  readonly examples: readonly (readonly [command: string, description: string])[];
  run(args: Readonly<Record<string, unknown>>, context: VerbContext): Promise<object>;
}

/** Makes a verb of its definition. */
export function defineVerb<O extends OptionTable, P extends Readonly<Record<string, PositionalOptions>>>(
  definition: VerbDefinition<O, P>,
): Verb {
  return {
    ...definition,
    // yargs has parsed the arguments by these very tables.
    run: (args, context) => definition.run(args as InferredOptionTypes<O> & InferredOptionTypes<P>, context),
  };
}
