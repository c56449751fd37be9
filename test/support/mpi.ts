/** @file The MPI libraries that tests can start processes with, and what they start. */
import { readdirSync, readFileSync } from "node:fs";
import { attempt } from "../../src/attempt.js";
import { launch, type Started } from "./command-line.js";

/** A launcher of processes, as Debian names it. */
export interface Launcher {
  name: "Open MPI" | "MPICH";
  words: string[];
}

/** Both of them; a test of one that is not installed is skipped by its name. */
export const launchers: (Launcher & { installed: boolean })[] = [
  { name: "Open MPI" as const, words: ["mpirun.openmpi", "--oversubscribe"] },
  { name: "MPICH" as const, words: ["mpirun.mpich"] },
].map((launcher) => ({ ...launcher, installed: onPath(launcher.words[0]) }));

function onPath(program: string): boolean {
  return (process.env.PATH ?? "").split(":").some((folder) => attempt(() => readdirSync(folder))?.includes(program));
}

export const AS_ROOT = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };

/** Starts `strata` in several processes, or, of one, alone; each computes with one thread. */
export function startRanks({ words }: Launcher, count: number, ...command: string[]): Started {
  const wrapper = count === 1 ? [] : [...words, "-n", String(count)];
  return launch(AS_ROOT, wrapper, [...command, "--threads", "1"]);
}

/** Processes that train into a folder, by their rank. */
export function ranksOf(out: string): number[] {
  const found: number[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const words = attempt(() => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0"));
    if (!words?.[0].endsWith("node") || !words.includes(out)) continue;
    const environment = attempt(() => readFileSync(`/proc/${pid}/environ`, "utf8")) ?? "";
    const rank = /(?:^|\0)(?:OMPI_COMM_WORLD_RANK|PMI_RANK)=(\d+)/.exec(environment)?.[1];
    if (rank !== undefined) found[Number(rank)] = Number(pid);
  }
  return found;
}
