import type { Method, Methods } from '@unseen/experiment';

/** The methods of all recipe packages: whatever they export that is one. */
export async function installedMethods(): Promise<Methods> {
  const packages: readonly object[] = [await import('@unseen/zero-shot')];
  const methods = packages.flatMap((exports) => Object.values(exports)).filter(isMethod);
  return Object.fromEntries(methods.map((method) => [method.name, method]));
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'object' && value !== null && 'name' in value && 'schema' in value && 'stages' in value;
}
