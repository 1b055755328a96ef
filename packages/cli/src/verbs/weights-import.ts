import type { ImportedBackbone, WeightPlan } from '@unseen/backbone';
import { outOption, textOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { defineVerb } from '../verb.ts';

/** `unseen weights import`: published weights as weights of this toolkit. */
export const weightsImport = defineVerb({
  positionals: {
    weights: {
      type: 'string',
      demandOption: true,
      describe: "A file, or a name from 'unseen weights list', which is fetched first",
    },
  },
  options: {
    backbone: textOption('backbone', "Name from 'unseen models list' (default: that which a name is published for)"),
    out: outOption('Safetensors file (default: <backbone>.safetensors)'),
    partial: {
      type: 'boolean',
      default: false,
      describe: 'Load what fits and list the rest; default: everything must fit',
    },
    table: textOption('table', 'Which table of a nested checkpoint, such as state_dict'),
    url: textOption(
      'url',
      'Another address of a file that a name stands for, such as a mirror; its checksum is the same',
    ),
    source: textOption(
      'source',
      'Where a file comes from, for its metadata (default: known by its checksum, or its name)',
    ),
    licence: textOption('licence', 'Licence of a file, for its metadata (default: known by its checksum, or unknown)'),
  },
  examples: [
    ['unseen weights import resnet50.tv_in1k', 'fetch from torchvision, check, convert'],
    [
      'unseen weights import voc12_ourbest.pth --backbone resnet101.caffe_in1k',
      "the backbone of an author's checkpoint",
    ],
  ],
  async run({ weights, url, backbone: given, out: path, partial, table, source, licence }, { terminal }) {
    const { describeLeftOut, importBackbone, publishedWeights } = await import('@unseen/backbone');
    const { lookUp, UserError } = await import('@unseen/core');
    const published = publishedWeights();
    const isName = Object.hasOwn(published, weights);
    if (!isName && (url !== undefined || looksLikeName(weights))) lookUp(published, weights, 'weights');
    const backbone = given ?? (isName ? published[weights].backbone : undefined);
    if (backbone === undefined) {
      throw new UserError({
        given: `${weights} without the backbone that it is for`,
        expected: '--backbone NAME',
        remedy: `'unseen weights inspect ${weights}' shows which it fits`,
      });
    }
    const file = isName ? await fetched(weights, url, terminal) : weights;
    const out = path ?? `${backbone}.safetensors`;
    const entry = isName ? published[weights] : undefined;
    // With a checksum the file itself tells that it is the published one.
    const known = entry?.sha256 === undefined ? entry : undefined;
    const imported = await importBackbone(file, out, {
      backbone,
      partial,
      table,
      source: source ?? (known && (url ?? known.source)),
      licence: licence ?? known?.licence,
    });
    describeImport(imported, { out, leftOut: describeLeftOut(imported.plan) }, terminal);
    const { info, plan, notes } = imported;
    return { file, out, ...info, family: plan.family, loaded: plan.loaded.length, ...withoutLoaded(plan), notes };
  },
});

/** Files of weights have a suffix or lie in a folder, and names of weights have neither. */
function looksLikeName(weights: string): boolean {
  return !/[/\\]/.test(weights) && !/\.(?:pth|pt|th|tar|npz|npy|pkl|h5|hdf5|safetensors|bin)$/i.test(weights);
}

async function fetched(name: string, url: string | undefined, terminal: Terminal): Promise<string> {
  const [{ fetchWeights, findPublishedWeights }, { interruptSignal }, { Interrupted }] = await Promise.all([
    import('@unseen/backbone'),
    import('@unseen/nn'),
    import('@unseen/experiment'),
  ]);
  const { signal, release } = interruptSignal();
  terminal.progress.stage(`fetch ${name}`, 'start', { index: 0, count: 1 });
  const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
  try {
    return await fetchWeights(findPublishedWeights(name), {
      ...(url !== undefined && { url }),
      signal,
      onProgress: (bytes, total = bytes) => terminal.progress.update(megabytes(bytes), megabytes(total), 'MB'),
    });
  } catch (error) {
    throw signal.aborted ? new Interrupted('run the same command again to continue the download') : error;
  } finally {
    release();
  }
}

function describeImport(
  { info, plan, notes }: ImportedBackbone,
  { out, leftOut }: { readonly out: string; readonly leftOut: readonly string[] },
  terminal: Terminal,
): void {
  const { loaded, missing, unmatched, misshapen } = plan;
  for (const note of notes) terminal.note(note);
  terminal.print(`${out}: ${loaded.length} tensors of ${info.backbone}, by the names of ${plan.family}`);
  for (const kind of leftOut) terminal.print(`left out as not needed: ${kind}`);
  if (unmatched.length > 0) terminal.print(`left out as unknown: ${unmatched.join(', ')}`);
  for (const { name, given, expected } of misshapen) {
    terminal.print(`left out for its shape: ${name} is [${given}] instead of [${expected}]`);
  }
  if (missing.length > 0) terminal.print(`not in the file, random values instead: ${missing.join(', ')}`);
  if (info.licence === 'unknown') terminal.note('the licence of the file is not known: name it with --licence');
}

const withoutLoaded = ({ leftOut, unmatched, missing, misshapen }: WeightPlan) => ({
  leftOut,
  unmatched,
  missing,
  misshapen,
});
