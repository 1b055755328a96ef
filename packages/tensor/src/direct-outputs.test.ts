import { describe, expect, it } from 'vitest';
import { type BindingSession, directOutputsModel, writesDirectly } from './direct-outputs.ts';
import { createSession, hostTensor, onnxruntimeProblem } from './onnxruntime.ts';

const STOP = 'Tensor type (16) is not supported';

describe.skipIf(onnxruntimeProblem() !== undefined)('how a binding treats preallocated outputs', () => {
  const isUsed = (treat: (write: () => void) => void) => {
    const real = createSession(directOutputsModel, { direct: false, threads: 1 });
    const binding: BindingSession = {
      run(feeds, { y }) {
        treat(() => real.run(feeds, { y: y! }));
        return {};
      },
    };
    const found = writesDirectly(binding, (values) => hostTensor(values, [3]));
    real.dispose();
    return found;
  };

  it('is made use of where it writes them and stops', () => {
    const stop = (write: () => void) => {
      write();
      throw new Error(STOP);
    };
    expect(isUsed(stop)).toBe(true);
  });

  it.each<[string, (write: () => void) => void]>([
    ['can convert bfloat16', (write) => write()],
    [
      'stops before it has written',
      () => {
        throw new Error(STOP);
      },
    ],
    [
      'refuses such models in other words',
      (write) => {
        write();
        throw new Error('unknown element type');
      },
    ],
  ])('is not made use of where it %s', (_, treat) => {
    expect(isUsed(treat)).toBe(false);
  });
});
