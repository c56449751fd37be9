/** @file Several things at a time. */

/**
 * Does `work` on every item, at most `limit` at a time; items are asked for only when there is room.
 *
 * @throws what `work` or the items throw; no further item is asked for then
 */
export async function forEachConcurrently<T>(
  items: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let failed = false;
  const worker = async () => {
    while (!failed) {
      const next = await iterator.next();
      if (next.done) return;
      await work(next.value);
    }
  };
  const guarded = () =>
    worker().catch((error: unknown) => {
      failed = true;
      throw error;
    });
  const ended = await Promise.allSettled(Array.from({ length: limit }, guarded));
  if (failed) await iterator.return?.();
  for (const result of ended) if (result.status === "rejected") throw result.reason;
}
