import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One operator of a model in one run, as the runtime timed it. */
export interface OperatorTime {
  /** The node's name in the model; the runtime makes names for what it has fused. */
  readonly name: string;
  readonly operator: string;
  readonly seconds: number;
  /** Of its results. */
  readonly bytes: number;
}

/** What the runtime notes of a session's runs: a file in a folder of its own, read and removed by {@link take}. */
export class RunProfile {
  private readonly folder = mkdtempSync(join(tmpdir(), 'unseen-profile-'));

  /** What the session has to be loaded with. */
  get options(): object {
    return { enableProfiling: true, profileFilePrefix: join(this.folder, 'runs') };
  }

  /** All runs' operators in the order in which they ran, after the session has written them. */
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

/** An entry of the trace, as far as it is read. Durations are in microseconds, sizes in decimal digits. */
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
