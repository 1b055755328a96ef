import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One operator of a model in one run, as the runtime timed it. */
export interface OperatorTime {
  /** The node's name in the model; the runtime invents names for fused nodes. */
  readonly name: string;
  readonly operator: string;
  readonly seconds: number;
  /** Shapes of its results. */
  readonly bytes: number;
}

/** The runtime's trace of a session: a file in a temporary folder, read and removed by {@link take}. */
export class RunProfile {
  private readonly folder = mkdtempSync(join(tmpdir(), 'unseen-profile-'));

  /** Options with which the session must be loaded. */
  get options(): object {
    return { enableProfiling: true, profileFilePrefix: join(this.folder, 'runs') };
  }

  /** The operators of all runs in order, once the session has written them. */
  take(): OperatorTime[] {
    const [file] = readdirSync(this.folder);
    const events = JSON.parse(readFileSync(join(this.folder, file), 'utf8')) as readonly TraceEvent[];
    this.remove();
    return events.filter(({ cat, name }) => cat === 'Node' && name.endsWith(SUFFIX)).map(operatorTime);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The part of a trace entry that is read. Durations are in microseconds, sizes in decimal digits. */
interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args: { readonly op_name: string; readonly output_size: string };
}

const SUFFIX = '_kernel_time';

function operatorTime({ name, dur, args }: TraceEvent): OperatorTime {
  return {
    name: name.slice(0, -SUFFIX.length),
    operator: args.op_name,
    seconds: dur / 1e6,
    bytes: Number(args.output_size),
  };
}
