/** @file Threads that run a module of this program, answer one request after the other, and end between two of them. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Transferable, Worker } from "node:worker_threads";
import { UserError } from "./errors.js";

/** Places in the int32 array that a thread shares with its owner. */
export const STOPPED = 0;
export const BUSY = 1;

/** Values of `STOPPED`, besides 0: answer nothing more, and, where the whole process ends, do nothing more at all. */
const ANSWER_NOTHING = 1;
export const DO_NOTHING = 2;

/** Values of `BUSY`. */
export const IDLE = 0;
export const WORKING = 1;
const LOADING = 2;

/** What a thread is started with. */
export interface ThreadData {
  settings: unknown;
  /** int32 [2], shared: what the thread shall no longer begin, and whether it is at work. */
  control: Int32Array<SharedArrayBuffer>;
}

/** A request; `null` asks the thread to end. */
export type Envelope = { id: number; request: unknown } | null;

export type Answer = { id: number; result: unknown } | { id: number; error: Error; told?: Told };

/** What a copy of a `UserError` that crosses over from a thread has lost. */
type Told = Pick<UserError, "code" | "advice" | "details">;

/** How long the end of the process waits for a thread that is loading its module, milliseconds. */
const LOADING_PATIENCE_MS = 10_000;

const BUNDLED = "Keep `strata-vae` out of your bundle: with esbuild, --external:strata-vae.";

export interface ThreadOptions {
  /** The module beside the caller that calls `serve`, without an ending: "./worker". */
  module: string;
  /** The caller's `import.meta.url`, which a bundle of CommonJS has not. */
  caller: string | undefined;
  /** What the module is given. */
  settings?: unknown;
  /** Who has ended, for the message of what can be asked no more: "The runtime's thread". */
  name: string;
  /** MiB that its objects may take, for what reads files from outside: a thread that needs more ends. Default: Node's own limit. */
  heapMebibytes?: number;
}

/**
 * A thread and what it has been asked. It never keeps the process alive but while it owes an answer, and is never ended amid a
 * request: native code that is torn down while it runs takes the process with it. When the owner is garbage, the thread ends.
 */
export class Thread {
  readonly #connection: Connection;

  constructor(options: ThreadOptions) {
    this.#connection = new Connection(options);
    abandoned.register(this, this.#connection, this);
  }

  /** Why nothing can be asked any more; undefined while it can. */
  get ended(): Error | undefined {
    return this.#connection.ended;
  }

  /**
   * The thread's answer.
   *
   * @param transferred - memory that is handed over and not copied
   * @throws what the thread threw, or `ended`
   */
  ask(request: unknown, transferred: Transferable[] = []): Promise<unknown> {
    return this.#connection.ask(request, transferred, this);
  }

  /** Asks for something without waiting; when that fails, the thread has ended. Throws `ended`. */
  post(request: unknown, transferred: Transferable[] = []): void {
    this.#connection.post(request, transferred);
  }

  /**
   * Rejects what has been asked and not answered, and ends the thread after the request that it is at, whose answer nobody gets.
   *
   * @param reason - what is thrown from now on
   */
  end(reason: Error): Promise<void> {
    abandoned.unregister(this);
    return this.#connection.end(reason);
  }
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
  /** Whoever asked; not garbage while it waits. */
  owner: Thread;
}

class Connection {
  ended: Error | undefined;
  readonly #worker: Worker;
  readonly #control = new Int32Array(new SharedArrayBuffer(8));
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #next = 0;

  constructor({ module, caller, settings, name, heapMebibytes }: ThreadOptions) {
    this.#control[BUSY] = LOADING;
    this.#worker = startThread(
      module,
      caller,
      { settings, control: this.#control } satisfies ThreadData,
      heapMebibytes,
    );
    this.#worker.on("message", (answer: Answer) => this.#settle(answer));
    this.#worker.on("error", (error: Error) => this.#close(fromThread(error)));
    this.#exited = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        running.delete(this);
        Atomics.store(this.#control, BUSY, IDLE);
        this.#close(new Error(`${name} has ended.`));
        resolve();
      });
    });
    this.#worker.unref(); // after the listeners, which would keep the process alive
    running.add(this);
    waitAtExit();
  }

  ask(request: unknown, transferred: Transferable[], owner: Thread): Promise<unknown> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      this.#waiting.set(this.#post(request, transferred), { resolve, reject, owner });
      this.#worker.ref();
    });
  }

  post(request: unknown, transferred: Transferable[]): void {
    if (this.ended) throw this.ended;
    this.#post(request, transferred);
  }

  end(reason: Error): Promise<void> {
    this.#close(reason);
    this.stop(ANSWER_NOTHING);
    this.#worker.ref(); // the process goes on until the thread has ended
    this.#worker.postMessage(null satisfies Envelope);
    return this.#exited;
  }

  /** The thread begins nothing more. */
  stop(how: number): void {
    Atomics.store(this.#control, STOPPED, how);
  }

  /** Blocks until the thread is at nothing. */
  waitUntilIdle(): void {
    for (let state = this.#busy(); state !== IDLE; state = this.#busy()) {
      const patienceMs = state === LOADING ? LOADING_PATIENCE_MS : Number.POSITIVE_INFINITY;
      if (Atomics.wait(this.#control, BUSY, state, patienceMs) === "timed-out") return;
    }
  }

  #busy(): number {
    return Atomics.load(this.#control, BUSY);
  }

  #post(request: unknown, transferred: Transferable[]): number {
    const id = this.#next++;
    this.#worker.postMessage({ id, request } satisfies Envelope, transferred);
    return id;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0 && !this.ended) this.#worker.unref();
    if (!("error" in answer)) waiting?.resolve(answer.result);
    else if (waiting) waiting.reject(restored(answer));
    else void this.end(restored(answer)); // nobody waits for it, and what is asked next may rely on it
  }

  #close(reason: Error): void {
    this.ended ??= reason;
    for (const { reject } of this.#waiting.values()) reject(this.ended);
    this.#waiting.clear();
  }
}

/** Threads that have not ended. */
const running = new Set<Connection>();
let waitsAtExit = false;

/** The process ends when no thread is inside native code; what they have been asked and have not begun is dropped. */
function waitAtExit(): void {
  if (waitsAtExit) return;
  waitsAtExit = true;
  process.on("exit", () => {
    for (const connection of running) connection.stop(DO_NOTHING);
    for (const connection of running) connection.waitUntilIdle();
  });
}

const abandoned = new FinalizationRegistry<Connection>((connection) => {
  void connection.end(new Error("The owner of this thread has been collected."));
});

/** An error as the thread threw it: only its own properties cross over, not its class. */
function fromThread(error: Error): Error {
  return error.name === "UserError" ? userError(error.message, error as UserError) : error;
}

/** The error of an answer. */
const restored = ({ error, told }: Extract<Answer, { error: Error }>): Error =>
  told ? userError(error.message, told) : error;

function userError(message: string, { code, advice, details }: Told): UserError {
  const problem = advice === undefined ? message : message.slice(0, -advice.length).trimEnd();
  return new UserError(code, problem, { advice, details });
}

/**
 * Starts a thread with the module `name` beside the caller: as built, or, where the caller runs as TypeScript (in the
 * repository), through tsx.
 *
 * @throws UserError where a bundler has moved the caller away from it
 */
function startThread(
  name: string,
  caller: string | undefined,
  workerData: unknown,
  heapMebibytes: number | undefined,
): Worker {
  const resourceLimits = heapMebibytes === undefined ? undefined : { maxOldGenerationSizeMb: heapMebibytes };
  if (caller?.endsWith(".ts")) {
    const entry = JSON.stringify(new URL(`${name}.ts`, caller).href);
    const start = `import("tsx/esm/api").then(({ register }) => { register(); return import(${entry}); });`;
    return new Worker(start, { workerData, execArgv: [], resourceLimits, eval: true });
  }
  const module = caller === undefined ? undefined : new URL(`${name}.js`, caller);
  if (module === undefined || !existsSync(module)) {
    const missing = module === undefined ? `${name}.js beside its own code` : fileURLToPath(module);
    throw new UserError("environment", `Strata starts a thread from ${missing}, which is not there. ${BUNDLED}`);
  }
  return new Worker(module, { workerData, execArgv: [], resourceLimits });
}
