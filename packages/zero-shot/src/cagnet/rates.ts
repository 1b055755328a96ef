import { type Schedule, schedules } from '@unseen/nn';
import type { OptimizerSettings } from './settings.ts';

/** Learning rate by iteration, as the settings of an optimizer say. */
export function rateSchedule({ rate, schedule }: OptimizerSettings, iterations: number): Schedule {
  switch (schedule.kind) {
    case 'constant':
      return schedules.constant(rate);
    case 'poly':
      return schedules.poly({ rate, iterations, power: schedule.power, refreshEvery: schedule.refresh });
    case 'step':
      return schedules.stepDecay({ rate, start: schedule.start, every: schedule.every, factor: schedule.factor });
  }
}
