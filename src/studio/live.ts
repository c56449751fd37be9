/** @file News of runs as a stream of server-sent events, which goes on where a reader lost it. */
import { readdir } from "node:fs/promises";
import { runPaths } from "../training/run/run-folder.js";
import type { Catalogue, StudioRun } from "./catalogue.js";
import { LogTail } from "./log-tail.js";
import type { LiveEvent } from "./protocol.js";
import type { RunSummaries } from "./summaries.js";

/** Time between two looks at the files, and every how many of them all runs are listed. */
const LOOK_MS = 400;
const LIST_EVERY = 4;

/** One event, and where its reader then stands, if it has all that was read: what it gives as `after`. */
export interface News {
  event: LiveEvent;
  position?: string;
}

interface Followed {
  run: StudioRun;
  tail: LogTail;
  broken: number;
  steps: string;
}

/**
 * What happens to runs, until the signal is aborted. Beginning anew, everything that has happened is told first.
 *
 * @param wanted - ids of runs whose logs and pictures are told; all are listed
 * @param after - the position of the last event that arrived: `id=position` pairs
 */
export async function* follow(
  catalogue: Catalogue,
  summaries: RunSummaries,
  wanted: readonly string[],
  { after = "", signal }: { after?: string; signal: AbortSignal },
): AsyncGenerator<News, void> {
  const positions = new Map(after.split(",").map((pair) => pair.split("=") as [string, string | undefined]));
  const followed = new Map<string, Followed>();
  const position = () => [...followed].map(([id, { tail }]) => `${id}=${tail.position}`).join(",");
  let listed = "";
  for (let look = 0; !signal.aborted; look++) {
    if (look % LIST_EVERY === 0) {
      const runs = await catalogue.list();
      const summary = await summaries.of(runs);
      const text = JSON.stringify(summary);
      if (text !== listed) yield { event: { type: "runs", runs: summary } };
      listed = text;
      for (const run of runs.filter(({ id }) => wanted.includes(id) && !followed.has(id))) {
        const tail = new LogTail(runPaths(run.folder).metrics, positions.get(run.id));
        followed.set(run.id, { run, tail, broken: 0, steps: "" });
      }
    }
    for (const each of followed.values()) {
      for (let more = true; more && !signal.aborted; ) {
        const events = await newsOf(each);
        for (const [index, event] of events.entries()) {
          yield { event, ...(index === events.length - 1 ? { position: position() } : {}) };
        }
        more = events.some(({ type }) => type === "lines");
      }
    }
    await sleep(LOOK_MS, signal);
  }
}

/** What has happened to a run since the last look; of a long log a part. */
async function newsOf(followed: Followed): Promise<LiveEvent[]> {
  const { run, tail } = followed;
  const { restarted, lines, broken } = await tail.read();
  const steps = await gridSteps(run);
  const sameSteps = steps.join() === followed.steps;
  followed.steps = steps.join();
  followed.broken = (restarted ? 0 : followed.broken) + broken;
  return [
    ...(restarted ? [{ type: "restart", run: run.id } as const] : []),
    ...(lines.length > 0 ? [{ type: "lines", run: run.id, lines } as const] : []),
    ...(broken > 0 ? [{ type: "broken", run: run.id, count: followed.broken } as const] : []),
    ...(sameSteps ? [] : [{ type: "pictures", run: run.id, steps } as const]),
  ];
}

/** Steps of which both grids lie in a run folder, ascending; reconstructions are written last. */
async function gridSteps({ folder }: StudioRun): Promise<number[]> {
  const names = await readdir(runPaths(folder).samples).catch((): string[] => []);
  const steps = names.flatMap((name) => {
    const step = /^reconstructions-step-(\d{6,15})\.png$/.exec(name)?.[1];
    return step === undefined ? [] : [Number(step)];
  });
  return steps.sort((a, b) => a - b);
}

/** Resolves after a time, or when the signal is aborted. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
