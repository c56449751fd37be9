/** @file A process that does what each line of JSON asks for, and answers with a line when it is done. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export class Responder<Task> {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor([program, ...words]: readonly string[]) {
    this.#child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async do(task: Task): Promise<void> {
    this.#child.stdin!.write(`${JSON.stringify(task)}\n`);
    const { done } = await this.#lines.next();
    if (done) throw new Error(`${this.#child.spawnargs.join(" ")} has ended before its answer.`);
  }

  end(): void {
    this.#child.stdin!.end();
  }
}
