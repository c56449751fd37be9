/** @file Pillow and NumPy as a peer that prepares images. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Debian's interpreter first: it is the one that has Debian's packages. */
const INTERPRETERS = ["/usr/bin/python3", "python3"];

const hasPillow = (interpreter: string): boolean => {
  try {
    execFileSync(interpreter, ["-c", "import numpy, PIL.Image"], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
};

/** Work for `pillow/data.py`. */
export type PillowTask =
  | { work: "prepare"; folder: string; size: number; out: string }
  | { work: "batches"; path: string; offset: number; count: number; size: number; batch: number; repeats: number };

export class Pillow {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(interpreter: string, processes: number) {
    const script = fileURLToPath(new URL("pillow/data.py", import.meta.url));
    this.#child = spawn(interpreter, ["-B", script, String(processes)], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** A process with so many workers; undefined where Pillow is not installed. */
  static start(processes: number): Pillow | undefined {
    const interpreter = INTERPRETERS.find(hasPillow);
    return interpreter === undefined ? undefined : new Pillow(interpreter, processes);
  }

  async do(task: PillowTask): Promise<void> {
    this.#child.stdin!.write(`${JSON.stringify(task)}\n`);
    const { done } = await this.#lines.next();
    if (done) throw new Error("Pillow's process has ended before its answer.");
  }

  end(): void {
    this.#child.stdin!.end();
  }
}
