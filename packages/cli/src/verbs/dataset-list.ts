import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

/** `unseen dataset list`: the datasets that experiments can name. */
export const datasetList = defineVerb({
  positionals: {},
  options: {},
  examples: [['unseen dataset list', '']],
  async run(_, { terminal }) {
    const { listDatasets } = await import('@unseen/data');
    const datasets = await listDatasets();
    const splits = (entry: (typeof datasets)[number]) =>
      Object.entries(entry.splits)
        .map(([name, [seen, unseen]]) => `${name} ${seen}+${unseen}`)
        .join(', ');
    const rows = datasets.map((entry) => [entry.name, String(entry.classes), splits(entry), entry.description]);
    terminal.print(textTable([['dataset', 'classes', 'seen+unseen', 'description'], ...rows]));
    return { datasets };
  },
});
