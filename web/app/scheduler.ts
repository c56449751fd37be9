/** @file One thing after another, the most urgent first: a model draws for everything on the page. */

/** Something to be done, unless a newer one of the same key comes before it is over. */
interface Job {
  key: string;
  /** Smaller is sooner. */
  priority: number;
  controller: AbortController;
  work: (signal: AbortSignal) => Promise<void>;
  done: (error?: unknown) => void;
}

/** Runs jobs by priority. A job that is long yields by being cut into several. */
export class Scheduler {
  #waiting: Job[] = [];
  #running: Job | undefined;

  /**
   * Asks for something to be done. What was asked before under this key is dropped.
   *
   * @returns resolves when it is done or was dropped
   * @throws what `work` throws, unless it was dropped
   */
  ask(key: string, priority: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.drop(key);
    return new Promise((resolve, reject) => {
      const done = (error?: unknown) => (error === undefined ? resolve() : reject(error));
      this.#waiting.push({ key, priority, controller: new AbortController(), work, done });
      void this.#next();
    });
  }

  /** Drops what was asked for under a key. */
  drop(key: string): void {
    for (const job of this.#waiting.filter((each) => each.key === key)) job.done();
    this.#waiting = this.#waiting.filter((each) => each.key !== key);
    if (this.#running?.key === key) this.#running.controller.abort();
  }

  /** Whether nothing is running or waits. */
  get idle(): boolean {
    return this.#running === undefined && this.#waiting.length === 0;
  }

  async #next(): Promise<void> {
    if (this.#running || this.#waiting.length === 0) return;
    const job = this.#waiting.reduce((first, each) => (each.priority < first.priority ? each : first));
    this.#waiting = this.#waiting.filter((each) => each !== job);
    this.#running = job;
    try {
      await job.work(job.controller.signal);
      job.done();
    } catch (error) {
      job.done(job.controller.signal.aborted ? undefined : error);
    } finally {
      this.#running = undefined;
      void this.#next();
    }
  }
}
