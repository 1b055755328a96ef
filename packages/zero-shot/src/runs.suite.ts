import { type Progress, type ScorePredictor, silentProgress } from '@unseen/experiment';
import { createCompiledEngine } from '@unseen/onnx';
import { expect } from 'vitest';

/** Dies without a word when a stage has come to an iteration. */
export function dyingAt(stage: string, iteration: number): Progress {
  let current = '';
  return {
    ...silentProgress,
    stage: (name) => {
      current = name;
    },
    update: (done) => {
      if (current === stage && done === iteration) throw new Error('killed');
    },
  };
}

/** The program of a model, which is what is exported, gives the model's logits. */
export async function expectSameProgram(model: ScorePredictor): Promise<void> {
  const program = model.program();
  const [, height, width] = program.inputs.image.shape;
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => (37 * i) % 251);
  const expected = await model.logits({ height, width, data });
  const executable = createCompiledEngine().compile(program, { frozen: true });
  const logits = await executable.run({ image: Float32Array.from(data) }).read('logits');
  expect(logits).toHaveLength(expected.data.length);
  for (const [i, value] of logits.entries()) expect(value).toBeCloseTo(expected.data[i], 3);
}
