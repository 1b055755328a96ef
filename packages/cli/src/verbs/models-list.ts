import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

/** `unseen models list`: the networks that can be built. */
export const modelsList = defineVerb({
  positionals: { filter: { type: 'string', describe: "Part of the names; '*' stands for anything" } },
  options: {},
  examples: [
    ['unseen models list', ''],
    ["unseen models list 'resnet*caffe'", ''],
  ],
  async run({ filter }, { terminal }) {
    const { listModels } = await import('@unseen/backbone');
    const models = listModels(filter);
    const rows = models.map(({ name, kind, parameters, outputStrides, weights }) => [
      name,
      kind,
      (parameters / 1e6).toFixed(2),
      outputStrides.join(', '),
      weights ? `${weights.format}, ${weights.licence}` : '',
    ]);
    terminal.print(textTable([['model', 'kind', 'M parameters', 'output strides', 'published weights'], ...rows]));
    return { models };
  },
});
