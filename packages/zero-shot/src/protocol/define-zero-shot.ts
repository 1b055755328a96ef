import { defineMethod, type Method, type MethodDefinition } from '@unseen/experiment';
import { z } from 'zod';
import { controlWarnings } from './control.ts';
import { describeProtocol } from './describe.ts';
import { zeroShotOverview } from './overview.ts';
import { openClassProtocol } from './protocol.ts';
import { type ZeroShotConfig, zeroShotShape } from './settings.ts';

type Config<S extends z.ZodRawShape> = ZeroShotConfig & z.output<z.ZodObject<S>>;

/** A method with seen and unseen classes, as its own file describes it; what all of them have in common is filled in. */
export interface ZeroShotDefinition<S extends z.ZodRawShape>
  extends Pick<MethodDefinition<S>, 'name' | 'summary' | 'settings' | 'extendable'> {
  check?(config: Config<S>): ReturnType<NonNullable<MethodDefinition<S>['check']>>;
  pipeline(config: Config<S>): ReturnType<MethodDefinition<S>['pipeline']>;
  predictors(config: Config<S>): ReturnType<NonNullable<MethodDefinition<S>['predictors']>>;
  /** What its protocol says differently from {@link describeProtocol}. */
  protocol?(config: Config<S>): Readonly<Record<string, string>>;
}

/** `defineMethod` for methods with seen and unseen classes: their settings stand beside data, backbone, features and vectors. */
export function defineZeroShot<S extends z.ZodRawShape>({
  check,
  pipeline,
  predictors,
  protocol,
  settings,
  ...named
}: ZeroShotDefinition<S>): Method {
  // Checked against both shapes.
  const both = (config: unknown) => config as Config<S>;
  const common = (config: unknown) => config as ZeroShotConfig;
  return defineMethod({
    ...named,
    task: 'zero-shot',
    settings: z.strictObject({ ...zeroShotShape, ...settings.shape }),
    check: (config) => check?.(both(config)) ?? [],
    pipeline: (config) => pipeline(both(config)),
    predictors: (config) => predictors(both(config)),
    classes: (config) => openClassProtocol(common(config)),
    protocol: (config, opened) => ({ ...describeProtocol(common(config), opened), ...protocol?.(both(config)) }),
    warnings: (config) => controlWarnings(common(config)),
    overview: (config, context) => zeroShotOverview(common(config), context),
  });
}
