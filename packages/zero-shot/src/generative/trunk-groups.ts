import type { Trunk } from '@unseen/experiment';
import type { ParameterGroup } from '@unseen/nn';
import type { z } from 'zod';
import type { trunkOptimizer } from './settings.ts';

/** Encoder, weights and biases of the ASPP, each with its rate; biases do not decay (spec §7.5). */
export function trunkGroups(
  { encoder, aspp }: Trunk,
  { multipliers, weightDecay }: Pick<z.output<typeof trunkOptimizer>, 'multipliers' | 'weightDecay'>,
): ParameterGroup[] {
  const branches = aspp?.branches ?? [];
  return [
    { parameters: encoder?.parameters() ?? [], rateMultiplier: multipliers.encoder, weightDecay },
    { parameters: branches.map(({ weight }) => weight), rateMultiplier: multipliers.aspp, weightDecay },
    { parameters: branches.flatMap(({ bias }) => bias ?? []), rateMultiplier: multipliers.asppBias },
  ];
}
