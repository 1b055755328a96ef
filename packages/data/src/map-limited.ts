/** Applies an asynchronous function to items, at most `limit` at a time, so that not all files are open at once. */
export async function mapLimited<T, R>(
  items: readonly T[],
  apply: (item: T, index: number) => Promise<R>,
  limit = 16,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await apply(items[index], index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return results;
}
