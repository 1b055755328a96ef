import type { Figure } from './run-types.ts';
import type { Spread } from './statistics.ts';

/** Column titles of the figures. */
export const FIGURE_TITLES: Readonly<Record<Figure, string>> = {
  seenMIoU: 'seen mIoU',
  unseenMIoU: 'unseen mIoU',
  hIoU: 'hIoU',
  mIoU: 'mIoU',
  PA: 'PA',
  MA: 'MA',
};

const METHOD_NAMES: Readonly<Record<string, string>> = {
  'seen-only': 'seen only',
  spnet: 'SPNet',
  'spnet-c': 'SPNet-c',
  zs3net: 'ZS3Net',
  'zs3net-original': 'ZS3Net (original)',
  cagnet: 'CaGNet',
  'cagnet-patch': 'CaGNet (patch)',
  'zs3net-c': 'ZS3Net-c',
  'cagnet-c': 'CaGNet-c',
  'cagnet-patch-c': 'CaGNet-c (patch)',
  'zs3net-st': 'ZS3Net + ST',
  'cagnet-st': 'CaGNet + ST',
  'cagnet-patch-st': 'CaGNet (patch) + ST',
};

/** Display name of a method. */
export function displayName(method: string): string {
  return Object.hasOwn(METHOD_NAMES, method) ? METHOD_NAMES[method] : method;
}

/** A figure in [0, 1] with three decimals; a dash if undefined. */
export function figure(value: number | null): string {
  return value === null ? '–' : value.toFixed(3);
}

/** `0.352 ± 0.010`, only the mean for a single run, a dash if undefined. */
export function spread({ mean, sd }: Spread): string {
  return sd === null ? figure(mean) : `${figure(mean)} ± ${figure(sd)}`;
}

/** A signed difference. */
export function signed(value: number | null): string {
  if (value === null) return '–';
  return value < 0 ? `−${(-value).toFixed(3)}` : `+${value.toFixed(3)}`;
}

/** A share in percent, one decimal. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** `4 min 05 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds < 10 ? seconds.toFixed(1) : whole} s`;
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return hours > 0 ? `${hours} h ${two(minutes)} min` : `${minutes} min ${two(rest)} s`;
}

/** `a`, `a and b`, `a, b and c`. */
export function joined(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}
