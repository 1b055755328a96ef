import { join } from 'node:path';
import { writeFileAtomic } from '@unseen/core';
import { once, outOption } from '../options.ts';
import { defineVerb } from '../verb.ts';

/** `unseen export onnx`: a trained run as one file that any ONNX runtime segments images with. */
export const exportRunOnnx = defineVerb({
  positionals: { run: { type: 'string', demandOption: true, describe: 'Run folder' } },
  options: {
    out: outOption('ONNX file (default: <run>/<model>.onnx)'),
    model: {
      type: 'string',
      requiresArg: true,
      coerce: once('model') as (text: string | readonly string[]) => string | undefined,
      describe: "Which of the run's models, as named in its report (default: the last)",
    },
  },
  examples: [['unseen export onnx runs/cagnet-voc-animals --out animals.onnx', 'RGB image 0 … 255 in, logits out']],
  async run({ run, out, model: chosen }, context) {
    const { terminal } = context;
    const { exportRun, openTrainedRun } = await import('@unseen/experiment');
    const { warn } = terminal.progress;
    // Nothing is computed: what was trained on a GPU is exported without one.
    const trained = await openTrainedRun(run, { methods: await context.methods(), backend: 'cpu', warn });
    try {
      const name = chosen ?? trained.names[trained.names.length - 1];
      const model = await trained.model({ name });
      const { bytes, metadata } = exportRun(trained, { model, name });
      const file = out ?? join(run, `${name}.onnx`);
      await writeFileAtomic(file, bytes);
      model.dispose();
      const [height, width] = metadata.input.size;
      terminal.print(
        `${file}: image [1, ${height}, ${width}, 3] → logits [1, ${model.grid.join(', ')}, ${model.classes.length}], ` +
          `${(bytes.length / 1e6).toFixed(1)} MB`,
      );
      return { file, bytes: bytes.length, ...metadata };
    } finally {
      trained.close();
    }
  },
});
