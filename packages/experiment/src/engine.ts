import { messageOf, UserError } from '@unseen/core';
import { type BackendProbe, backendStatus, createEagerEngine, type Engine } from '@unseen/tensor';
import type { BackendName } from './config/schema.ts';

/** What computes, and why it was chosen: part of a run's record. */
export interface BackendChoice {
  readonly name: string;
  /** The GPU, for backends that compute on one (or on software that imitates one). */
  readonly device?: string;
  /** Of the packages that compute. */
  readonly versions: Readonly<Record<string, string>>;
  /** Threads that compute, where they were chosen. */
  readonly threads?: number;
  /** With `auto`: what would have been preferred, and why it was not taken. */
  readonly passedOver?: Readonly<Record<string, string>>;
}

/** An engine with the choice that led to it. */
export interface ChosenEngine {
  readonly engine: Engine;
  readonly choice: BackendChoice;
}

/** Options of {@link chooseEngine}. */
export interface EngineOptions {
  /** Default: all cores. */
  readonly threads?: number | undefined;
}

/** Backends that `auto` takes where they have a GPU, the preferred first. */
const GPU_BACKENDS = ['tensorflow', 'webgpu'] as const;

/**
 * The engine of a `backend:` setting. `auto` is the first of these that works: `tensorflow` and `webgpu` with a real
 * GPU, `onnxruntime`, and, where that has no binary (Intel Macs, musl), `cpu` with a warning.
 * `threads` are those of `onnxruntime`.
 * @throws UserError for a backend that was asked for by name and does not start
 */
export async function chooseEngine(
  backend: BackendName,
  warn: (sentence: string) => void,
  { threads }: EngineOptions = {},
): Promise<ChosenEngine> {
  if (backend === 'onnxruntime') return compiled(threads);
  if (backend !== 'auto') return eager(backend, await backendStatus(backend));
  const passedOver: Record<string, string> = {};
  for (const name of GPU_BACKENDS) {
    const status = await backendStatus(name);
    if (status.gpu && status.problem === undefined) {
      try {
        return withReasons(await eager(name, status), passedOver);
      } catch (error) {
        passedOver[name] = firstLine(error);
      }
    } else {
      passedOver[name] = status.problem ?? `computes on ${status.device}, no GPU`;
    }
  }
  try {
    return withReasons(await compiled(threads), passedOver);
  } catch (error) {
    warn(`${firstLine(error)}; using cpu, which is many times slower`);
    return withReasons(await eager('cpu', await backendStatus('cpu')), {
      ...passedOver,
      onnxruntime: firstLine(error),
    });
  }
}

/** {@link chooseEngine} where nobody asks why. */
export async function createEngineFor(
  backend: BackendName,
  warn: (sentence: string) => void,
  options: EngineOptions = {},
): Promise<Engine> {
  return (await chooseEngine(backend, warn, options)).engine;
}

/** What computes, in one line. */
export function choiceText({ name, device, versions, passedOver = {} }: BackendChoice): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const reasons = Object.entries(passedOver).map(([other, reason]) => `no ${other}: ${reason}`);
  const what = `${name}${device === undefined ? '' : ` on ${device}`} (${packages.join(', ')})`;
  return [`backend ${what}`, ...reasons].join('; ');
}

function withReasons({ engine, choice }: ChosenEngine, passedOver: Readonly<Record<string, string>>): ChosenEngine {
  return { engine, choice: { ...choice, passedOver: { ...passedOver } } };
}

async function eager(name: string, { versions, device }: BackendProbe): Promise<ChosenEngine> {
  const engine = await createEagerEngine(name);
  return { engine, choice: { name, ...(device !== undefined && { device }), versions } };
}

async function compiled(threads: number | undefined): Promise<ChosenEngine> {
  try {
    const { createCompiledEngine } = await import('@unseen/onnx');
    const engine = createCompiledEngine({ ...(threads && { threads }) });
    const { versions } = await backendStatus('onnxruntime');
    return { engine, choice: { name: engine.name, versions, ...(threads && { threads }) } };
  } catch (error) {
    throw new UserError(
      {
        given: `the onnxruntime backend does not start (${firstLine(error)})`,
        remedy: 'use --backend cpu, which is slower',
      },
      { cause: error },
    );
  }
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n')[0];
}
