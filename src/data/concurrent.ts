/** @file Several things at a time, and things that nobody waits for any more. */

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

/**
 * What some work gives that cannot be stopped: it is left to itself when the signal aborts, and what it gives then to `discard`.
 *
 * @throws what the work throws; the signal's reason when it aborts
 */
export function abortable<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  discard: (late: T) => unknown = () => {},
): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abandon = () => {
      reject(signal.reason);
      work.then(discard).catch(() => {}); // nobody is there to be told
    };
    if (signal.aborted) return abandon();
    signal.addEventListener("abort", abandon);
    const waited = () => signal.removeEventListener("abort", abandon);
    work.then(
      (result) => {
        waited();
        resolve(result);
      },
      (error) => {
        waited();
        reject(error);
      },
    );
  });
}
