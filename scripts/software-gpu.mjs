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
    // The tests are not kept waiting by a network that does not answer.
    if (apt('update')) apt('install', '-y', '--no-install-recommends', 'chromium-common');
  }
  const missing = PACKAGES.filter((name) => !existsSync(tool(name)));
  const absent = !existsSync(SWIFTSHADER)
    ? 'SwiftShader'
    : missing.length > 0 && !installOptional(missing, { timeout: 180_000 })
      ? missing.join(', ')
      : undefined;
  if (absent) process.stderr.write(`the tests of the GPU backends will skip: ${absent} could not be installed\n`);
}

/** Runs apt-get; false where it took too long. That it failed is seen by what is missing then. */
function apt(...args) {
  const patience = ['-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=15', '-o', 'Acquire::https::Timeout=15'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return (
    spawnSync('apt-get', ['-qq', ...patience, ...args], { stdio: 'ignore', timeout: 120_000, env }).signal === null
  );
}
