import { SeedTree } from '@unseen/core';
import { createEagerEngine, createSession, hostTensor, Parameter, type Program } from '@unseen/tensor';
import { describe, expect, it } from 'vitest';
import { exportOnnx } from './export.ts';

const random = new SeedTree(12).stream();

describe('exported files', () => {
  it('cannot hold noise, nor an input and an output of one name', () => {
    const inputs = { x: { shape: [2], dtype: 'float32' } } as const;
    expect(() =>
      exportOnnx({ name: 'noisy', inputs, describe: (ops) => ({ outputs: { y: ops.normal([2]) } }) }),
    ).toThrow(/noisy draws noise/);
    expect(() => exportOnnx({ name: 'same', inputs, describe: (_, { x }) => ({ outputs: { x } }) })).toThrow(/'x'/);
  });

  it('reproduce the program with the names of its inputs and outputs', async () => {
    const filter = new Parameter([4, 3, 3, 3], { values: random.fillNormal(new Float32Array(108)) });
    const program: Program = {
      name: 'scores',
      inputs: { image: { shape: [1, 6, 5, 3], dtype: 'float32' } },
      describe: (ops, { image }) => {
        const maps = ops.relu(ops.conv2d(image, ops.parameter(filter), { stride: 2, padding: [1, 1, 1, 1] }));
        return {
          outputs: { maps, probabilities: ops.softmax(maps), same: image },
          losses: { loss: { value: ops.mean(maps), parameters: [filter] } },
        };
      },
    };
    const model = exportOnnx(program, { metadata: { classes: 'sky, cow' } });
    expect(new TextDecoder().decode(model)).toContain('sky, cow');
    const session = createSession(model, { direct: false, threads: 1 });
    const image = random.fillNormal(new Float32Array(90));
    const out = { maps: new Float32Array(36), probabilities: new Float32Array(36), same: new Float32Array(90) };
    session.run(
      { image: hostTensor(image, [1, 6, 5, 3]) },
      {
        maps: hostTensor(out.maps, [1, 3, 3, 4]),
        probabilities: hostTensor(out.probabilities, [1, 3, 3, 4]),
        same: hostTensor(out.same, [1, 6, 5, 3]),
      },
    );
    const expected = (await createEagerEngine('cpu')).compile(program).run({ image });
    for (const name of ['maps', 'probabilities', 'same'] as const)
      for (const [i, value] of (await expected.read(name)).entries())
        expect(out[name][i], `${name} ${i}`).toBeCloseTo(value, 5);
    session.dispose();
  });
});
