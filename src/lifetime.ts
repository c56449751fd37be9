/** @file What can be disposed at any moment, once, from anywhere: work that is under way then fails with the error that later calls get. */

/** The lifetime of something that holds threads, programs or memory. */
export class Lifetime {
  #ended: Error | undefined;
  #released: Promise<void> | undefined;
  readonly #giveUps = new Set<(reason: Error) => void>();
  readonly #works = new Set<Promise<unknown>>();

  /** @param what - is disposed, for the error: "This sampler" */
  constructor(private readonly what: string) {}

  get over(): boolean {
    return this.#ended !== undefined;
  }

  /** The work's result; rejected at once when the lifetime ends meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#ended) throw this.#ended;
    const working = work();
    this.#works.add(working);
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#giveUps.add(reject);
        working.then(resolve, reject).finally(() => {
          this.#giveUps.delete(reject);
          this.#works.delete(working);
        });
      });
    } catch (error) {
      throw this.#ended ?? error;
    }
  }

  /**
   * Ends it: work under way is rejected. Called again, waits for the same end.
   *
   * @param release - gives back what is held; `settled` waits until nothing works with it any more
   */
  end(release: (settled: () => Promise<void>) => Promise<void>): Promise<void> {
    if (this.#released) return this.#released;
    this.#ended = new Error(`${this.what} has been disposed.`);
    for (const giveUp of this.#giveUps) giveUp(this.#ended);
    this.#released = release(async () => void (await Promise.allSettled(this.#works)));
    return this.#released;
  }
}
