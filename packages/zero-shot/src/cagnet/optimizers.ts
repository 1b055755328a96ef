import {
  groupedOptimizer,
  isTrunkTrained,
  type SettingProblem,
  scheduledOptimizer,
  type Trunk,
  trunkGroups,
} from '@unseen/experiment';
import type { ParameterGroup, ScheduledOptimizer } from '@unseen/nn';
import type { Engine, Parameter } from '@unseen/tensor';
import type { CagnetConfig, CagnetSettings } from './settings.ts';

type Rules = CagnetSettings['train']['optimizers'];

/** What L_B trains: the contextual module behind a frozen trunk, or both. */
export interface JointlyTrained {
  readonly trunk: Trunk;
  /** Trained weights of the contextual module. */
  readonly contextual: readonly Parameter[];
}

/**
 * The optimizer of L_B. With a trunk that learns it is `train.optimizers.backbone`, with a learning rate for each group;
 * otherwise `train.optimizers.contextual`, of the contextual module alone.
 */
export function jointOptimizer(
  engine: Engine,
  { backbone, contextual }: Rules,
  trained: JointlyTrained,
  iterations: number,
): ScheduledOptimizer {
  if (backbone) return groupedOptimizer(engine, backbone, jointGroups(trained, backbone), iterations);
  if (contextual) return scheduledOptimizer(engine, contextual, trained.contextual, iterations);
  throw new TypeError('no optimizer for the contextual module');
}

/** The groups of {@link trunkGroups}, and the contextual module with its learning rate. */
export function jointGroups(
  { trunk, contextual }: JointlyTrained,
  settings: Pick<NonNullable<Rules['backbone']>, 'multipliers' | 'weightDecay'>,
): ParameterGroup[] {
  const { multipliers, weightDecay } = settings;
  return [
    ...trunkGroups(trunk, settings),
    { parameters: contextual, rateMultiplier: multipliers.contextual, weightDecay },
  ];
}

/** In every stage the optimizer of L_B is the one for the trunk that the experiment has, and no other is given. */
export function checkJointOptimizer(config: CagnetConfig): SettingProblem[] {
  const stages = (['train', 'selfTrain'] as const).flatMap((stage) => {
    const optimizers = config[stage]?.optimizers;
    return optimizers ? [{ path: [stage, 'optimizers'], optimizers }] : [];
  });
  const [wanted, other] = isTrunkTrained(config)
    ? (['backbone', 'contextual'] as const)
    : (['contextual', 'backbone'] as const);
  const reason = isTrunkTrained(config) ? 'with' : 'without';
  return stages.flatMap(({ path, optimizers }) => {
    const own = [...path, wanted].join('.');
    const which = `${reason} backbone.train or backbone.aspp the contextual module learns by ${own}`;
    return [
      ...(optimizers[wanted] ? [] : [{ path: [...path, wanted], message: `an optimizer: ${which}` }]),
      ...(optimizers[other] ? [{ path: [...path, other], message: `${which}; set this one to null` }] : []),
    ];
  });
}
