import { availableParallelism, cpus, totalmem } from 'node:os';
import type { BackendStatus } from '@unseen/tensor';
import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

/** `unseen backends`: ways of computing, the preferred first. */
export const backends = defineVerb({
  positionals: {},
  options: {},
  examples: [['unseen backends', 'what computes here, what does not, and how to get it']],
  async run(_, { terminal }) {
    const { availableBackends } = await import('@unseen/tensor');
    const found = await availableBackends();
    const automatic = found.find(isTakenByAuto);
    const rows = found.map((backend) => [
      backend.name,
      backend.engine,
      backend.problem === undefined ? (backend === automatic ? 'yes, auto' : 'yes') : 'no',
      Object.entries(backend.versions)
        .map(([name, version]) => `${name.replace('@tensorflow/', '')} ${version}`)
        .join(', '),
    ]);
    terminal.print(textTable([['backend', 'engine', 'usable', 'packages'], ...rows]));
    const machine = {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
      node: process.version,
    };
    terminal.print(`\n${found.map(explained).join('\n')}`);
    terminal.print(`\n${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}`);
    return { default: automatic?.name ?? null, backends: found, machine };
  },
});

/** TF.js on ONNX Runtime is for tools; `auto` takes a GPU, and then what is always there. */
function isTakenByAuto({ name, engine, problem, gpu }: BackendStatus): boolean {
  return problem === undefined && (gpu || engine === 'compiled' || name === 'cpu');
}

function explained({ name, engine, description, device, problem, install, untested }: BackendStatus): string {
  const lines = [
    `${name}${name === 'onnxruntime' ? `, ${engine}` : ''}: ${description}`,
    device && `on ${device}`,
    problem && `not usable: ${problem}`,
    install && `to get it: ${install}`,
    untested,
  ];
  return lines.filter(Boolean).join('\n  ');
}
