import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { backendOption, crfOption, once, outOption, probability, withBackend } from '../options.ts';
import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

/** `unseen predict`: masks of any images by a trained run. */
export const predict = defineVerb({
  positionals: {
    run: { type: 'string', demandOption: true, describe: 'Run folder' },
    images: { type: 'string', array: true, demandOption: true, describe: 'Image files, or folders of them' },
  },
  options: {
    out: outOption('Folder of masks/, overlays/ and predictions.json (default: <run>/predictions)'),
    'min-confidence': {
      type: 'string',
      requiresArg: true,
      coerce: probability('min-confidence'),
      describe: 'Pixels with a lower class probability stay void (255)',
    },
    crf: crfOption,
    backend: backendOption,
    model: {
      type: 'string',
      requiresArg: true,
      coerce: once('model') as (text: string | readonly string[]) => string | undefined,
      describe: "Which of the run's models, as named in its report (default: the last)",
    },
  },
  examples: [
    ['unseen predict runs/cagnet-voc-animals photo.jpg', "a mask and an overlay at the photo's size"],
    ['unseen predict runs/cagnet-voc-animals photos --min-confidence 0.6 --out masks', 'uncertain pixels stay void'],
  ],
  async run({ run, images, out = join(run, 'predictions'), 'min-confidence': minConfidence, crf, ...args }, context) {
    const { model: name } = args;
    const { terminal } = context;
    const [{ Interrupted, listImages, openTrainedRun, predictImages, refinedModel }, { interruptSignal }] =
      await Promise.all([import('@unseen/experiment'), import('@unseen/nn')]);
    const { files, failures: unread } = await listImages(images, {
      onPassedOver: (names, folder) =>
        terminal.note(
          `${names.length} pictures in ${folder} are of types that are not read and were passed over: ${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}; save them as PNG`,
        ),
    });
    const { progress } = terminal;
    const trained = await openTrainedRun(run, {
      methods: await context.methods(),
      set: withBackend([], args.backend),
      warn: progress.warn,
    });
    const { signal, release } = interruptSignal();
    try {
      const position = { index: 0, count: 1 };
      progress.stage('predict', 'start', position);
      const plain = await trained.model({ ...(name !== undefined && { name }) });
      const model = crf === undefined ? plain : refinedModel(plain, crf);
      const { classes } = trained.protocol;
      const { images: done, failures } = await predictImages({
        model,
        classes,
        files,
        failures: unread,
        out,
        ...(minConfidence !== undefined && { minConfidence }),
        onImage: async ({ image }, index) => progress.update(index + 1, files.length, image),
        signal,
      });
      if (signal.aborted) throw new Interrupted(`${done.length} of ${files.length} images are done, in ${out}`);
      progress.stage('predict', 'done', position);
      if (failures.length > 0) throw unreadable(failures, done.length, out);
      terminal.print(
        textTable([
          ['image', 'classes, % of its pixels'],
          ...done.map((one) => [one.image, sharesText({ ...one.shares, ...(one.void > 0 && { void: one.void }) })]),
        ]),
      );
      terminal.print(`\nMasks: ${join(out, 'masks')}\nPictures: ${join(out, 'overlays')}`);
      return { out, model: name ?? trained.names[trained.names.length - 1], images: done };
    } finally {
      release();
      trained.close();
    }
  },
});

/** The largest shares, in per cent. */
function sharesText(shares: Readonly<Record<string, number>>, shown = 4): string {
  const parts = Object.entries(shares)
    .sort(([, a], [, b]) => b - a)
    .map(([name, share]) => `${name} ${(100 * share).toFixed(1)}`);
  return parts.slice(0, shown).join(', ') + (parts.length > shown ? ', …' : '');
}

function unreadable(
  failures: readonly { readonly image: string; readonly error: string }[],
  rest: number,
  out: string,
): UserError {
  return new UserError({
    given: `${failures.length} of ${failures.length + rest} images failed:\n  ${failures.map(({ error }) => error).join('\n  ')}`,
    ...(rest > 0 && { remedy: `the other ${rest} are done, in ${out}` }),
  });
}
