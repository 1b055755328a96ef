// npm test [-- vitest's arguments]: everything that has to hold, vitest's summary last.
import { build, install, nodeStep, tool } from './prepare.mjs';
import { installSoftwareGpu } from './software-gpu.mjs';

install();
if (process.env.CI === 'true') installSoftwareGpu();
nodeStep('biome', [tool('@biomejs/biome/bin/biome'), 'check', '.']);
build();
nodeStep('type check of the tests', [tool('typescript/bin/tsc'), '-p', 'tsconfig.test.json']);
nodeStep('vitest', [tool('vitest/vitest.mjs'), 'run', ...process.argv.slice(2)], { stdio: 'inherit' });
