import { type DescribedProgram, describeProgram, type Program, Tape } from '@unseen/tensor';
import type { Node } from './node.ts';
import { type Noise, Recorder } from './recorder.ts';

/** The recorded values of a program: outputs, losses and gradients. */
export interface RecordedProgram extends DescribedProgram<Node> {
  readonly noise: readonly Noise[];
}

/** Describes a program to the recorder. */
export function recordProgram(program: Program): RecordedProgram {
  const recorder = new Recorder(program.training ?? false);
  const inputs = Object.entries(program.inputs).map(([name, spec]) => [name, recorder.input(name, spec)] as const);
  return { ...describeProgram(program, new Tape<Node>(recorder), Object.fromEntries(inputs)), noise: recorder.noise };
}
