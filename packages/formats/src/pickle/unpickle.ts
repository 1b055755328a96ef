import type { ByteCursor } from './cursor.ts';
import { PickleMachine, type UnpickleOptions } from './machine.ts';
import { OPCODES } from './opcodes.ts';
import type { PickleValue } from './values.ts';

/**
 * Reads the pickle at the cursor, which is left behind it. Nothing is executed: names are looked up in a table of our
 * own builders, and memory is bounded by the size of the source. Damaged and malicious pickles are {@link UserError}s.
 */
export function unpickle(cursor: ByteCursor, options: UnpickleOptions): PickleValue {
  const machine = new PickleMachine(cursor, options);
  while (!machine.stopped) {
    machine.at = cursor.position;
    const code = cursor.byte();
    const opcode = OPCODES.get(code);
    if (!opcode) throw machine.fail(`has an unknown instruction 0x${code.toString(16).padStart(2, '0')}`);
    opcode(machine);
  }
  return machine.pop();
}
