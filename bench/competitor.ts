/** @file A competitor's process, and the suite's side of the protocol. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Competing, nameOf } from "./peers/systems.js";
import type { Done, Ended, FeaturesTask, Ready, Task } from "./protocol.js";

/** How much of what a process complained of is repeated. */
const LONGEST_COMPLAINT = 2000;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class Competitor {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #complaints = "";

  private constructor(readonly competing: Competing) {
    const [program, ...args] = competing.command;
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    running.add(child);
    child.on("exit", () => running.delete(child));
    child.stdin.on("error", () => {}); // its end is noticed where an answer is awaited
    child.stderr.on("data", (text) => {
      this.#complaints = `${this.#complaints}${text}`.slice(-LONGEST_COMPLAINT);
    });
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * Starts the process and waits until it is ready.
   *
   * @param signal - kills it when aborted; what it was asked for then fails
   */
  static async start(
    competing: Competing,
    task: Task | FeaturesTask,
    signal?: AbortSignal,
  ): Promise<{ competitor: Competitor; startMs: number }> {
    const competitor = new Competitor(competing);
    signal?.addEventListener("abort", () => competitor.kill(), { once: true });
    const { startMs } = await competitor.#ask<Ready>(JSON.stringify(task));
    return { competitor, startMs };
  }

  /** One unit of work. */
  step(): Promise<Done> {
    return this.#ask<Done>("step");
  }

  /** Lets the process end. */
  end(): Promise<Ended> {
    this.#child.stdin!.end();
    return this.#answer<Ended>();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #ask<Answer>(line: string): Promise<Answer> {
    this.#child.stdin!.write(`${line}\n`);
    return this.#answer<Answer>();
  }

  async #answer<Answer>(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (!done) return JSON.parse(value) as Answer;
    throw new Error(`${nameOf(this.competing)} has ended before its answer:\n${this.#complaints}`);
  }
}
