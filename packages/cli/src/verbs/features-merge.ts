import { defineVerb } from '../verb.ts';

/** `unseen features merge`: shards of an extraction as one store. */
export const featuresMerge = defineVerb({
  positionals: { folder: { type: 'string', demandOption: true, describe: "Folder of 'unseen features extract'" } },
  options: {},
  examples: [['unseen features merge features', 'features/train.arrow of features/train.shard-1-of-8.arrow, …']],
  async run({ folder }, { terminal }) {
    const { mergeShards } = await import('@unseen/experiment');
    terminal.progress.stage('merge', 'start', { index: 0, count: 1 });
    const stores = await mergeShards(folder, {
      onView: (done, total, subset) => terminal.progress.update(done, total, subset),
    });
    for (const { path, shards, views } of stores) {
      terminal.print(`${path}: ${views} views of ${shards.length} shards, which can be removed now`);
    }
    return { folder, stores };
  },
});
