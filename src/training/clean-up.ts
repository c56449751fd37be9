/** @file Giving back what was used, also after a failure. */

/**
 * Does the work, then cleans up. Of two failures the first is thrown: what fails after it often fails because of it, as does
 * removing a lock from a file system that has become read-only.
 */
export async function thenCleanUp<T>(work: () => Promise<T>, cleanUp: () => Promise<void>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await cleanUp().catch(() => {});
    throw error;
  }
  await cleanUp();
  return result;
}
