import { extname } from 'node:path';
import { UserError } from '@unseen/core';
import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** `unseen weights inspect`: what a file of weights holds. */
export const weightsInspect = defineVerb({
  positionals: { file: { type: 'string', demandOption: true, describe: 'Keras weights (.h5) or safetensors' } },
  options: {},
  examples: [['unseen weights inspect mobilenet_2_5_224_tf_no_top.h5', '']],
  async run({ file }, { terminal }) {
    const { tensors, metadata } = await readFile(file);
    const { fittingBackbones } = await import('@unseen/backbone');
    const floats = tensors.filter(({ dtype }) => /^B?F/.test(dtype));
    const backbones = fittingBackbones(new Map(floats.map(({ name, shape }) => [name, shape])));
    const parameters = tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    terminal.print(
      textTable([
        ['tensor', 'shape', 'type', 'parameters'],
        ...tensors.map(({ name, shape, dtype }) => [name, `[${shape.join(', ')}]`, dtype, String(sizeOf(shape))]),
      ]),
    );
    terminal.print(`\n${tensors.length} tensors, ${parameters} parameters`);
    for (const [key, value] of Object.entries(metadata)) terminal.print(`${key}: ${shortened(value)}`);
    const lines = backbones.map(
      ({ name, loads, extra }) =>
        `${name} (${loads ? 'loads as it is' : `by its shapes alone${extra > 0 ? `, with ${extra} other tensors` : ''}`})`,
    );
    terminal.print(lines.length > 0 ? `Fits: ${lines.join('; ')}` : 'Fits no registered backbone');
    return { file, parameters, tensors, metadata, backbones };
  },
});

async function readFile(
  path: string,
): Promise<{ readonly tensors: readonly Tensor[]; readonly metadata: Readonly<Record<string, string>> }> {
  const { openSafetensors, readKerasFile } = await import('@unseen/formats');
  switch (extname(path).toLowerCase()) {
    case '.h5':
    case '.hdf5': {
      const { weights, metadata } = await readKerasFile(path);
      return { tensors: [...weights].map(([name, { shape, dtype }]) => ({ name, shape, dtype })), metadata };
    }
    case '.safetensors': {
      const file = await openSafetensors(path);
      await file.close();
      const { names, metadata } = file;
      return {
        tensors: names.map((name) => ({ name, shape: file.info(name).shape, dtype: file.info(name).dtype })),
        metadata,
      };
    }
    default:
      throw new UserError({ given: `${path} is of another kind`, expected: 'a file .h5, .hdf5 or .safetensors' });
  }
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

function shortened(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
