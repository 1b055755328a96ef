/** Stands before arguments that are no options, whatever they look like; no argument of a process can hold it. */
const MARK = '\0';

/** The arguments before a lone `--`, and those behind it marked as none of the options. */
export function markOperands(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return end < 0 ? [...args] : [...args.slice(0, end), ...args.slice(end + 1).map(marked)];
}

const marked = (arg: string) => (arg.startsWith('-') ? `${MARK}${arg}` : arg);

/** The arguments that may be options: those before a lone `--`. */
export function optionsOf(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end < 0 ? args : args.slice(0, end);
}

/** What was parsed, or said about it, with the arguments as they were given. */
export function unmarkOperands<T>(value: T): T {
  if (typeof value === 'string') return value.replaceAll(MARK, '') as T;
  if (Array.isArray(value)) return value.map(unmarkOperands) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unmarkOperands(one)])) as T;
}
