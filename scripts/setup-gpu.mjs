// npm run setup:gpu -- webgpu|tensorflow: installs the optional packages of a GPU backend beside the others.
import { installOptional, npm } from './optional-packages.mjs';

const BACKENDS = {
  webgpu: {
    packages: ['webgpu', '@tensorflow/tfjs-backend-webgpu'],
    explanation: `webgpu (Dawn, the WebGPU of Chromium; 132 MB on disk) and TensorFlow.js's backend on it (48 MB).
Needed besides: a GPU with its driver, on Linux one for Vulkan and the loader libvulkan1. No CUDA.`,
  },
  tensorflow: {
    packages: ['@tensorflow/tfjs-node-gpu'],
    // It downloads libtensorflow and its binding; nothing else may run scripts (see .npmrc).
    scripts: true,
    explanation: `@tensorflow/tfjs-node-gpu (300 MB with what it depends on) and libtensorflow 2.9.1 with CUDA, which its
install script downloads from storage.googleapis.com (several hundred MB more).
Needed besides: Linux or Windows on x64, an NVIDIA GPU with its driver, CUDA 11.2 and cuDNN 8.1.
UNTESTED: libtensorflow could not be downloaded where this was written.`,
  },
};

const [name, ...rest] = process.argv.slice(2);
const backend = Object.hasOwn(BACKENDS, name ?? '') ? BACKENDS[name] : undefined;
if (!backend || rest.length > 0) {
  process.stderr.write(`usage: npm run setup:gpu -- ${Object.keys(BACKENDS).join('|')}\n`);
  for (const [one, { explanation }] of Object.entries(BACKENDS)) process.stderr.write(`\n${one}: ${explanation}\n`);
  process.exit(1);
}
process.stderr.write(`${name}: ${backend.explanation}\n\n`);

const { packages, scripts = false } = backend;
const done = installOptional(packages) && (!scripts || npm(['rebuild', '--ignore-scripts=false', ...packages]));
if (!done) {
  process.stderr.write(`\n${name} was not installed: npm has said why\n`);
  process.exit(1);
}
process.stderr.write(`\n'npx unseen backends' says whether it computes. 'npm install' and 'npm ci' remove it again.\n`);
