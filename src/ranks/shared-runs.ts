/**
 * @file Runs of compiled programs divided among ranks: rank 0 asks for several at once, each rank computes one, and all go back. What is
 * drawn and measured is independent of that, since it is the same program with the same inputs, whoever runs it.
 */
import { setImmediate } from "node:timers/promises";
import type { RunPool, Runtime, SharedProgram, TypedArray } from "../engine/index.js";
import { UserError } from "../errors.js";
import { nameOfRank, type Ranks } from "./ranks.js";

/** What rank 0 asks of the others. */
export type RunJob =
  | { kind: "load"; program: number; code: SharedProgram }
  /** `inputs` by rank; the last ranks have none where there are fewer runs. */
  | { kind: "run"; program: number; inputs: TypedArray[][] }
  | { kind: "unload"; program: number };

/** What becomes of a run on another rank. */
type Answer = { results: TypedArray[] } | { failed: string } | undefined;

interface Waiting {
  program: number;
  inputs: TypedArray[];
  /** Computes it here. */
  here: () => Promise<TypedArray[]>;
  resolve(results: TypedArray[]): void;
  reject(error: unknown): void;
}

/** Takes the runs of rank 0's runtime, and has the other ranks compute some. */
export class SharedRuns implements RunPool {
  readonly lanes: number;
  readonly #queue: Waiting[] = [];
  readonly #codes = new Map<number, SharedProgram>();
  /** Programs that the others have. */
  readonly #loaded = new Set<number>();
  #working: Promise<void> | undefined;

  constructor(private readonly ranks: Ranks) {
    this.lanes = ranks.size;
  }

  run(program: SharedProgram & { number: number }, inputs: TypedArray[], here: () => Promise<TypedArray[]>) {
    return new Promise<TypedArray[]>((resolve, reject) => {
      this.#codes.set(program.number, program);
      this.#queue.push({ program: program.number, inputs, here, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  async unload(program: number): Promise<void> {
    this.#codes.delete(program);
    await this.#working;
    if (this.#loaded.delete(program)) await this.ranks.broadcast<RunJob>({ kind: "unload", program });
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      await setImmediate(); // whoever asks for several does so now
      const [{ program }] = this.#queue;
      const round = this.#queue.filter((run) => run.program === program).slice(0, this.lanes);
      for (const run of round) this.#queue.splice(this.#queue.indexOf(run), 1);
      await this.#compute(program, round).catch((error) => {
        for (const { reject } of round) reject(error);
      });
    }
    this.#working = undefined;
  }

  async #compute(program: number, round: readonly Waiting[]): Promise<void> {
    const [own, ...others] = round;
    if (others.length === 0) {
      own.resolve(await own.here()); // the others need not know
      return;
    }
    if (!this.#loaded.has(program)) {
      this.#loaded.add(program);
      await this.ranks.broadcast<RunJob>({ kind: "load", program, code: this.#codes.get(program)! });
    }
    await this.ranks.broadcast<RunJob>({ kind: "run", program, inputs: round.map(({ inputs }) => inputs) });
    const here = await own.here().then(
      (results) => ({ results }),
      (error: unknown) => ({ error }),
    );
    const answers = await this.ranks.gather<Answer>(undefined);
    if ("error" in here) own.reject(here.error);
    else own.resolve(here.results);
    others.forEach(({ resolve, reject }, index) => {
      const answer = answers[index + 1]!;
      if ("results" in answer) resolve(answer.results);
      else reject(new UserError("environment", `On ${nameOfRank(this.ranks, index + 1)}: ${answer.failed}`));
    });
  }
}

/** What another rank computes for rank 0. */
export class RunServer {
  /** Programs by their number on rank 0. */
  readonly #programs = new Map<number, { number: number; outputs: number }>();

  constructor(
    private readonly ranks: Ranks,
    private readonly runtime: Runtime,
    private readonly signal?: AbortSignal,
  ) {}

  async serve(job: RunJob): Promise<void> {
    switch (job.kind) {
      case "load": {
        const { number } = await this.runtime.load(job.code);
        this.#programs.set(job.program, { number, outputs: job.code.outputs.length });
        return;
      }
      case "unload": {
        const program = this.#programs.get(job.program);
        this.#programs.delete(job.program);
        if (program) await this.runtime.unload(program.number);
        return;
      }
      case "run":
        await this.ranks.gather<Answer>(await this.#answer(job));
        return;
      default:
        return job satisfies never;
    }
  }

  async #answer({ program, inputs }: Extract<RunJob, { kind: "run" }>): Promise<Answer> {
    const own = inputs[this.ranks.rank];
    if (own === undefined) return undefined;
    if (this.signal?.aborted) return { failed: `asked to stop: ${this.signal.reason.message}` };
    try {
      const { number, outputs } = this.#programs.get(program)!;
      const keep = new Array<null>(outputs).fill(null);
      const results = await this.runtime.request({ kind: "run", program: number, inputs: own, keep });
      return { results: results as TypedArray[] };
    } catch (error) {
      return { failed: error instanceof Error ? error.message : String(error) };
    }
  }
}
