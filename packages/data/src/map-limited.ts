/**
 * Applies an asynchronous function to items, at most `limit` at a time (files stay open meanwhile). After a failure no
 * further item is started; the first failure is thrown when all that are running have ended.
 */
export async function mapLimited<T, R>(
  items: readonly T[],
  apply: (item: T, index: number) => Promise<R>,
  limit = 16,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const work = async () => {
    while (next < items.length && !failure) {
      const index = next++;
      try {
        results[index] = await apply(items[index], index);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  if (failure) throw failure.error;
  return results;
}
