import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { installOptional } from './optional-packages.mjs';
import { tool } from './prepare.mjs';

/** SwiftShader, a GPU that is a program, as Debian's package `chromium-common` brings it; see vitest.config.ts. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const PACKAGES = ['webgpu', '@tensorflow/tfjs-backend-webgpu'];

/** Installs what the tests of the GPU backends need, where that is possible; they skip where it is not. */
export function installSoftwareGpu() {
  if (!existsSync(SWIFTSHADER) && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const options = { stdio: 'ignore', timeout: 120_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    spawnSync('apt-get', ['update', '-qq'], options);
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium-common'], options);
  }
  const missing = PACKAGES.filter((name) => !existsSync(tool(name)));
  const absent = !existsSync(SWIFTSHADER)
    ? 'SwiftShader'
    : missing.length > 0 && !installOptional(missing, { timeout: 180_000 })
      ? missing.join(', ')
      : undefined;
  if (absent) process.stderr.write(`the tests of the GPU backends will skip: ${absent} could not be installed\n`);
}
