import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

/** `unseen weights inspect`: what a file of weights holds. */
export const weightsInspect = defineVerb({
  positionals: { file: { type: 'string', demandOption: true, describe: 'a file of weights' } },
  options: {
    table: { type: 'string', describe: 'which table of a nested checkpoint, such as state_dict' },
  },
  examples: [
    ['unseen weights inspect mobilenet_2_5_224_tf_no_top.h5', ''],
    ['unseen weights inspect checkpoint.pth.tar --table state_dict', 'one table of a checkpoint that holds several'],
  ],
  async run({ file, table }, { terminal }) {
    const { openWeights } = await import('@unseen/formats');
    const weights = await openWeights(file, table === undefined ? {} : { table });
    await weights.close();
    const { format, tensors, metadata, tables, notes } = weights;
    const { fittingBackbones } = await import('@unseen/backbone');
    const floats = tensors.filter(({ dtype }) => /^B?F/.test(dtype));
    const backbones = fittingBackbones(new Map(floats.map(({ name, shape }) => [name, shape])));
    const parameters = tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
    terminal.print(
      textTable([
        ['tensor', 'shape', 'type', 'parameters', 'bytes'],
        ...tensors.map(({ name, shape, dtype, bytes }) => [
          name,
          `[${shape.join(', ')}]`,
          dtype,
          String(sizeOf(shape)),
          String(bytes),
        ]),
      ]),
    );
    terminal.print(`\n${format}: ${tensors.length} tensors, ${parameters} parameters, ${bytes} bytes`);
    for (const note of notes) terminal.print(note);
    for (const [key, value] of Object.entries(metadata)) terminal.print(`${key}: ${shortened(value)}`);
    const lines = backbones.map(
      ({ name, loads, family, extra }) =>
        `${name} (${loads ? fitting(family) : `by its shapes alone${extra > 0 ? `, with ${extra} other tensors` : ''}`})`,
    );
    terminal.print(lines.length > 0 ? `Fits: ${lines.join('; ')}` : 'Fits no registered backbone');
    return { file, format, parameters, bytes, tensors, metadata, tables, notes, backbones };
  },
});

const fitting = (family?: string) =>
  family === 'unseen' ? 'loads as it is' : `names of ${family}: 'unseen weights import' converts it`;

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

function shortened(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
