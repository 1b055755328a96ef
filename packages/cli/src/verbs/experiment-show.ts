import { stringify } from 'yaml';
import { findExperiment } from '../experiments.ts';
import { setOption } from '../options.ts';
import { defineVerb } from '../verb.ts';

/** `unseen experiment show`: what a run would be made with. */
export const experimentShow = defineVerb({
  positionals: {
    experiment: { type: 'string', demandOption: true, describe: 'YAML file, or the name of one such as cagnet/toy' },
  },
  options: { set: setOption },
  examples: [['unseen experiment show cagnet/toy --set seed=3', 'every setting, defaults included']],
  async run({ experiment: name, set }, { terminal, methods }) {
    const { loadExperiment } = await import('@unseen/experiment');
    const { config, method, files } = await loadExperiment(await findExperiment(name), {
      methods: await methods(),
      set,
    });
    const stages = method.pipeline(config).map((stage) => stage.name);
    terminal.print(`# read from ${files.join(', ')}\n# stages: ${stages.join(' → ')}\n${stringify(config).trimEnd()}`);
    return { config, stages, files };
  },
});
