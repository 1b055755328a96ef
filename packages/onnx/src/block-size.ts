import { createSession, hostTensor } from '@unseen/tensor';
import { Lowering } from './lowering.ts';
import { blockedConvolution, blockedFilters } from './rules/blocked.ts';
import { addStop } from './stop.ts';

/** Block sizes of the runtime's kernels, depending on the processor. */
const candidates = [16, 8];
const channels = 16;

let found: number | undefined | null = null;

function works(block: number): boolean {
  const to = new Lowering([], { block });
  const { graph } = to;
  const shape = [1, 1, 2, channels];
  const window = { kernel: [1, 1], stride: 1, dilation: 1, padding: [0, 0, 0, 0] } as const;
  const [x, filter] = [
    graph.input('x', [1, channels, 1, 2], 'float32'),
    graph.input('w', [channels, channels, 1, 1], 'float32'),
  ];
  const filters = blockedFilters(to, filter, [channels, channels, 1, 1]);
  const blocked = blockedConvolution(to, x, filters, { shape, inputs: channels, window });
  const plain = graph.op('Conv', [x, filter]);
  addStop(graph);
  const names = [blocked, plain].map((name) => graph.result(name, [1, channels, 1, 2]));
  const values = (n: number, factor: number) => Float32Array.from({ length: n }, (_, i) => ((i * factor) % 11) - 5);
  const outputs = names.map(() => new Float32Array(2 * channels));
  const session = createSession(graph.encode('block size'), { name: 'the check of the block size', threads: 1 });
  try {
    session.run(
      {
        x: hostTensor(values(2 * channels, 3), [1, channels, 1, 2]),
        w: hostTensor(values(channels ** 2, 7), [channels, channels, 1, 1]),
      },
      Object.fromEntries(names.map((name, i) => [name, hostTensor(outputs[i], [1, channels, 1, 2])])),
    );
  } finally {
    session.dispose();
  }
  return outputs[0].every((value, i) => value === outputs[1][i]);
}

/**
 * Channels per block in the runtime's blocked convolutions on this processor, tested once; `undefined` if these do not
 * exist or give different values than plain ones.
 */
export function blockSize(): number | undefined {
  if (found !== null) return found;
  found = candidates.find((block) => {
    try {
      return works(block);
    } catch {
      return false;
    }
  });
  return found;
}
