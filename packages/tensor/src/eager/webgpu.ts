import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackendValues, KernelBackend } from '@tensorflow/tfjs-core';
import { messageOf, UserError } from '@unseen/core';
import type { BackendProbe } from '../backend-probe.ts';
import { findPackage, type OptionalPackage } from '../optional-package.ts';

/** Dawn, an implementation of WebGPU, with TF.js's backend on top of it. */
const DAWN = 'webgpu';
const KERNELS = '@tensorflow/tfjs-backend-webgpu';

/** A processor that WebGPU offers. */
interface GpuAdapter {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** The interface of the operating system below WebGPU: `vulkan`, `metal`, `d3d12`. */
  readonly api: string;
  /** Whether it is software that emulates a GPU on the CPU. */
  readonly software: boolean;
}

/** The part of WebGPU's interface that is used. */
interface Adapter {
  readonly info: { readonly [key in 'vendor' | 'architecture' | 'device' | 'description']: string } & {
    readonly isFallbackAdapter?: boolean;
  };
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: object): Promise<GpuDevice>;
}
interface GpuDevice {
  /** Resolves when the device is lost. */
  readonly lost: Promise<{ readonly message: string }>;
  addEventListener(type: 'uncapturederror', listener: (event: DeviceError) => void): void;
}
interface DeviceError {
  readonly error: { readonly message: string };
  preventDefault(): void;
}
interface Gpu {
  requestAdapter(options: object): Promise<Adapter | null>;
}
interface Dawn {
  create(flags: readonly string[]): Gpu;
  readonly globals: object;
}
interface WebgpuBackendPackage {
  readonly WebGPUBackend: new (device: GpuDevice, info: Adapter['info']) => KernelBackend;
}

/** A GPU that was found, with everything needed to compute on it. */
interface FoundGpu {
  readonly adapter: GpuAdapter;
  readonly gpu: Gpu;
  readonly handle: Adapter;
  readonly globals: object;
}

const APIS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['metal'],
  win32: ['d3d12', 'vulkan'],
};

/** Names of the software GPUs of Chromium, Mesa and Windows. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|basic render/i;

let found: Promise<FoundGpu | string> | undefined;

/** Whether software adapters may be used: environment variable `UNSEEN_SOFTWARE_GPU=1`. */
function softwareAllowed(): boolean {
  return process.env.UNSEEN_SOFTWARE_GPU === '1';
}

/** Looks for a GPU through Dawn. Nothing is loaded if its packages are not installed. */
export async function probeWebgpu(): Promise<BackendProbe> {
  const installed = [findPackage(DAWN), findPackage(KERNELS)];
  const versions = Object.fromEntries(installed.flatMap((one) => (one ? [[one.name, one.version]] : [])));
  const [dawn, kernels] = installed;
  if (!dawn || !kernels) {
    const missing = [DAWN, KERNELS].filter((name) => !(name in versions));
    return { versions, gpu: false, problem: `not installed (${missing.join(', ')})` };
  }
  const gpu = await findGpu(dawn);
  if (typeof gpu === 'string') return { versions, gpu: false, problem: gpu };
  const { adapter } = gpu;
  const status = { versions, gpu: !adapter.software, device: adapterText(adapter) };
  if (!adapter.software || softwareAllowed()) return status;
  return {
    ...status,
    problem:
      'there is only a software adapter, many times slower than onnxruntime; set UNSEEN_SOFTWARE_GPU=1 to allow it',
  };
}

function findGpu(dawn: OptionalPackage): Promise<FoundGpu | string> {
  found ??= requestGpu(dawn).catch(messageOf);
  return found;
}

const FASTEST = { powerPreference: 'high-performance' };

/** What may crash with a broken driver: everything that {@link requestGpu} does up to the first device. */
const TRIAL = `
  const { create } = await import(require('node:url').pathToFileURL(process.argv[1]).href);
  for (const { flags } of JSON.parse(process.argv[2])) {
    globalThis.gpu = create(flags);
    globalThis.adapter = await gpu.requestAdapter(${JSON.stringify(FASTEST)});
    if (!adapter) continue;
    await adapter.requestDevice();
    break;
  }`;

async function requestGpu(dawn: OptionalPackage): Promise<FoundGpu | string> {
  // Otherwise Dawn complains on standard error.
  if (!hasVulkanLoader()) return 'the Vulkan loader, libvulkan.so.1, is not installed (Debian package: libvulkan1)';
  const named = process.env.UNSEEN_GPU_ADAPTER;
  const attempts = (APIS[process.platform] ?? ['vulkan']).map((api) => ({
    api,
    flags: [`backend=${api}`, ...(named ? [`adapter=${named}`] : [])],
  }));
  const { create, globals } = (await dawn.load(TRIAL, JSON.stringify(attempts))) as Dawn;
  try {
    for (const { api, flags } of attempts) {
      const gpu = create(flags);
      const handle = await gpu.requestAdapter(FASTEST);
      if (handle) return { adapter: describeAdapter(handle, api), gpu, handle, globals };
    }
  } catch (error) {
    throw new Error(
      `${dawn.name} ${dawn.version} does not start: ${messageOf(error)
        .split(/\s*\n\s*/)
        .join(' ')
        .trim()}`,
    );
  }
  return process.platform === 'linux' ? 'Vulkan finds no adapter (it needs a GPU driver)' : 'the system has no GPU';
}

/** False only if Linux lists its libraries and the loader is not among them. */
function hasVulkanLoader(): boolean {
  const [cache, name] = ['/etc/ld.so.cache', 'libvulkan.so.1'];
  if (process.platform !== 'linux' || !existsSync(cache) || readFileSync(cache).includes(name)) return true;
  const folders = (process.env.LD_LIBRARY_PATH ?? '').split(':').filter((folder) => folder !== '');
  return folders.some((folder) => existsSync(join(folder, name)));
}

function describeAdapter({ info }: Adapter, api: string): GpuAdapter {
  const { vendor, architecture, device, description } = info;
  const software = info.isFallbackAdapter === true || SOFTWARE.test(`${architecture} ${device} ${description}`);
  return { vendor, architecture, description: description || device, api, software };
}

function adapterText({ vendor, architecture, description, api, software }: GpuAdapter): string {
  const maker = [vendor, architecture].filter((part) => part !== '').join(' ');
  return `${description || 'unnamed'} (${[maker, api, ...(software ? ['software'] : [])].filter(Boolean).join(', ')})`;
}

/** Registers TF.js's backend `webgpu` on the adapter that {@link probeWebgpu} found. */
export async function registerWebgpuBackend(): Promise<void> {
  const tf = await import('@tensorflow/tfjs-core');
  if (tf.engine().registryFactory.webgpu) return;
  const [dawn, kernels] = [findPackage(DAWN), findPackage(KERNELS)];
  if (!dawn || !kernels) throw new Error('its packages are not installed');
  const gpu = await findGpu(dawn);
  if (typeof gpu === 'string') throw new Error(gpu);
  const { handle, globals } = gpu;
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  const { WebGPUBackend } = (await kernels.load()) as WebgpuBackendPackage;
  const { limits } = handle;
  const device = await handle.requestDevice({
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, limits[name]])),
  });
  const backend = withNavigator(gpu.gpu, () => new WebGPUBackend(device, handle.info));
  throwRefusals(backend, device);
  // Otherwise TF.js computes small tensors on its cpu backend, which is not what was tested.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  tf.registerBackend('webgpu', () => backend);
}

/** What the backend requests from a device beyond WebGPU's guaranteed minimum. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
];

/**
 * A device that refuses work, such as a buffer beyond its limits, does not tell whoever waits for the result, which
 * then holds garbage. Its errors are thrown where results are read, and so is the loss of the device, for instance by a
 * reset.
 */
function throwRefusals(backend: KernelBackend, device: GpuDevice): void {
  let refusal: string | undefined;
  let lost: string | undefined;
  const firstLine = (message: string) => message.split('\n')[0];
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    // Later ones are its consequences.
    refusal ??= firstLine(event.error.message);
  });
  device.lost.then(({ message }) => {
    lost = firstLine(message);
  });
  const fail = (what: string, reason: string, cause?: unknown) => {
    const given = `the GPU ${what}${reason === '' ? '' : ` (${reason})`}`;
    refusal = undefined;
    return new UserError({ given, remedy: "use smaller batches or images, or the backend 'onnxruntime'" }, { cause });
  };
  const { read } = backend;
  backend.read = async (dataId) => {
    let values: BackendValues;
    try {
      values = await read.call(backend, dataId);
    } catch (error) {
      // The loss is reported a moment later.
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (lost === undefined) throw error;
      throw fail('was lost during a computation', lost, error);
    }
    if (refusal !== undefined) throw fail('refused a computation', refusal);
    return values;
  };
}

/**
 * The backend's constructor needs `navigator.gpu`; left in place, it would make other libraries believe that this is a
 * browser.
 */
function withNavigator<R>(gpu: Gpu, construct: () => R): R {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true, writable: true });
  try {
    return construct();
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
}
