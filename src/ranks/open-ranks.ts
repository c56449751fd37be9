/** @file The ranks of this process's launcher. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { deserialize, serialize } from "node:v8";
import { attempt } from "../attempt.js";
import { Thread } from "../thread.js";
import type { Launcher } from "./launcher.js";
import type { Begun, MpiRequest, MpiSettings } from "./protocol.js";
import type { Ranks } from "./ranks.js";

/** Processes begin at different times, on a busy machine or from a slow disk: they are waited for this long at least. */
const LEAST_START_SECONDS = 30;
/** Between two looks of the watchdog. */
const LOOK_MS = 250;

/** How ranks watch over each other. */
export interface RankOptions {
  /** A rank that gives no sign of life for so long is lost, seconds; to start it may take 30 of them in any case. */
  timeoutSeconds: number;
  /**
   * Called when MPI itself hangs, amid a message or while it waits for others to start. The thread that called it cannot be ended:
   * all that is left is to kill the process.
   */
  onHang: (message: string) => void;
}

/**
 * Joins the other processes that the launcher has started.
 *
 * @throws UserError when there is no library for that launcher, or it sees other processes than the launcher has started
 */
export async function openRanks(launcher: Launcher, { timeoutSeconds, onHang }: RankOptions): Promise<Ranks> {
  const beat = new Int32Array(new SharedArrayBuffer(4));
  const settings: MpiSettings = { launcher, timeoutMs: 1000 * timeoutSeconds, beat };
  const thread = new Thread({
    ...{ module: "./mpi-worker", caller: import.meta.url, settings, name: "The thread that calls MPI" },
  });
  const ask = async (request: MpiRequest, what: string, transferred: ArrayBuffer[] = []) => {
    const seconds = request.kind === "begin" ? Math.max(timeoutSeconds, LEAST_START_SECONDS) : timeoutSeconds;
    const watch = watchBeat(beat, 1000 * seconds, () =>
      onHang(`MPI has hung for ${seconds} s ${what}: another process has been stopped, or the network is gone.`),
    );
    try {
      return await thread.ask(request, transferred);
    } finally {
      clearInterval(watch);
    }
  };
  const { rank, size } = (await ask({ kind: "begin" }, "while it waited for the others to start")) as Begun;
  const gather = async <T>(value: T): Promise<T[]> => {
    const found = await ask({ kind: "gather", bytes: serialize(value) }, "amid a message");
    return (found as Uint8Array[]).map((bytes) => deserialize(bytes) as T);
  };
  const places = await gather({ host: hostname(), processors: allowedProcessors() });
  const own = places[rank];
  return {
    rank,
    size,
    sharing: places.filter(({ host, processors }) => host === own.host && processors === own.processors).length,
    hosts: places.map(({ host }) => host),
    sum: async (arrays) =>
      (await ask(
        { kind: "sum", arrays },
        "amid a sum of gradients",
        arrays.map(({ buffer }) => buffer),
      )) as Float32Array<ArrayBuffer>[],
    gather,
    broadcast: async <T>(value: T | undefined) => {
      const bytes = rank === 0 ? serialize(value) : undefined;
      return deserialize((await ask({ kind: "broadcast", bytes }, "amid a message")) as Uint8Array) as T;
    },
    close: async () => {
      await ask({ kind: "close" }, "while it ended");
      await thread.end(new Error("These ranks have parted."));
    },
  };
}

/** Calls back once when the thread has not got on for too long, by what this thread has seen of time: it may have slept itself. */
function watchBeat(beat: Int32Array, timeoutMs: number, onHang: () => void): NodeJS.Timeout {
  let seen = Atomics.load(beat, 0);
  let silentMs = 0;
  const timer = setInterval(() => {
    const now = Atomics.load(beat, 0);
    silentMs = now === seen ? silentMs + LOOK_MS : 0;
    seen = now;
    if (silentMs <= timeoutMs) return;
    clearInterval(timer);
    onHang();
  }, LOOK_MS);
  return timer;
}

/** The processors that the system lets this process use, as Linux lists them; "" elsewhere. */
const allowedProcessors = (): string =>
  /^Cpus_allowed_list:\s*(.*)$/m.exec(attempt(() => readFileSync("/proc/self/status", "utf8")) ?? "")?.[1] ?? "";
