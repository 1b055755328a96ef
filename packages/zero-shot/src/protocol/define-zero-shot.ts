import { defineMethod, type Method, type MethodConfig, type MethodDefinition } from '@unseen/experiment';
import { controlWarnings } from './control.ts';
import { describeProtocol } from './describe.ts';
import { zeroShotOverview } from './overview.ts';
import { openClassProtocol } from './protocol.ts';
import type { ZeroShotConfig, zeroShotShape } from './settings.ts';

/** A zero-shot method: what all of them have in common is filled in; `protocol` says what differs from the usual words. */
export type ZeroShotDefinition<S extends typeof zeroShotShape> = Omit<
  MethodDefinition<S>,
  'task' | 'classes' | 'protocol' | 'warnings' | 'overview'
> & { protocol?(config: MethodConfig<S>): Readonly<Record<string, string>> };

/** `defineMethod` for methods with seen and unseen classes. */
export function defineZeroShot<S extends typeof zeroShotShape>(definition: ZeroShotDefinition<S>): Method {
  // Every such method has the blocks of zeroShotShape, which the checker cannot follow through the generic shape.
  const common = (config: MethodConfig<S>) => config as unknown as ZeroShotConfig;
  const { protocol, ...method } = definition;
  return defineMethod<S>({
    ...method,
    task: 'zero-shot',
    classes: (config) => openClassProtocol(common(config)),
    protocol: (config, opened) => ({ ...describeProtocol(common(config), opened), ...protocol?.(config) }),
    warnings: (config) => controlWarnings(common(config)),
    overview: (config, context) => zeroShotOverview(common(config), context),
  });
}
