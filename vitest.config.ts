import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { SlowestFilesReporter } from './tests/helpers/slowest-files.ts';
import { FixtureReporter } from './tests/parity/fixture-reporter.ts';

/** Where Debian's package `chromium-common` has SwiftShader, a GPU that is a program, with a loader for it. */
const SWIFTSHADER = '/usr/lib/chromium';

// Native libraries read these when they are loaded and, the second one, only when a process begins.
const softwareGpu = {
  VK_ICD_FILENAMES: `${SWIFTSHADER}/vk_swiftshader_icd.json`,
  LD_LIBRARY_PATH: SWIFTSHADER,
  UNSEEN_SOFTWARE_GPU: '1',
};

/** Tests that start compilers, npm and other runs of vitest. */
const PACKAGING = [
  'tests/packed.test.ts',
  'tests/node-versions.test.ts',
  'tests/adding-guides.test.ts',
  'tests/docs-*.test.ts',
];

// Packages resolve to each other's source, never to a stale build.
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: [new FixtureReporter(), new SlowestFilesReporter(), 'default'],
    globalSetup: 'tests/helpers/global-setup.ts',
    setupFiles: 'tests/helpers/setup.ts',
    projects: [
      {
        extends: true,
        test: {
          name: 'packages',
          include: ['packages/*/src/**/*.test.ts'],
          // Loading the packages anew for each file took a third of the time: a test leaves nothing behind.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/gpu/**', 'tests/parity/**', ...PACKAGING, '**/node_modules/**'],
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'parity',
          include: ['tests/parity/*.test.ts'],
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'packaging',
          include: PACKAGING,
          isolate: false,
          // Last: what is wrong with a single part is told by its own tests, and sooner.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'gpu',
          // Software is slow, and slower beside other tests.
          testTimeout: 180_000,
          include: ['tests/gpu/*.test.ts'],
          env: existsSync(softwareGpu.VK_ICD_FILENAMES) && !process.env.UNSEEN_REAL_GPU ? softwareGpu : {},
        },
      },
    ],
  },
});
