import { availableParallelism, cpus, totalmem } from 'node:os';
import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

/** `unseen backends`: ways of computing, the preferred first. */
export const backends = defineVerb({
  positionals: {},
  options: {},
  examples: [['unseen backends', '']],
  async run(_, { terminal }) {
    const { availableBackends } = await import('@unseen/tensor');
    const found = await availableBackends();
    const usable = found.filter(({ problem }) => problem === undefined);
    const rows = found.map((backend) => [
      backend.name,
      backend.engine,
      backend.problem === undefined ? (backend === usable[0] ? 'yes, default' : 'yes') : 'no',
      backend.problem ?? backend.description,
    ]);
    const machine = {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
      node: process.version,
    };
    terminal.print(textTable([['backend', 'engine', 'usable', ''], ...rows]));
    terminal.print(`\n${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}`);
    return { default: usable[0]?.name ?? null, backends: found, machine };
  },
});
