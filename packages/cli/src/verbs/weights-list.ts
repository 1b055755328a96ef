import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

/** `unseen weights list`: the published weights that can be asked for by name. */
export const weightsList = defineVerb({
  positionals: {},
  options: {},
  examples: [['unseen weights list', '']],
  async run(_, { terminal }) {
    const { cacheFolder, publishedWeights } = await import('@unseen/backbone');
    const weights = Object.values(publishedWeights());
    const rows = weights.map(({ name, backbone, source, licence, sha256 = '', unavailable }) => [
      name,
      backbone,
      licence,
      sha256.slice(0, 8),
      unavailable === undefined ? source : `not to be fetched: ${source}`,
    ]);
    terminal.print(textTable([['weights', 'backbone', 'licence', 'sha256', 'address'], ...rows]));
    for (const { name, unavailable } of weights) {
      if (unavailable !== undefined) terminal.print(`\n${name}: ${unavailable}`);
    }
    terminal.print(`\nFetched files are kept in ${cacheFolder()}`);
    return { cache: cacheFolder(), weights };
  },
});
