/** @file `--ranks`: the same command line under `mpirun`, on this machine. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { UserError } from "../errors.js";
import type { Context } from "./options/command.js";

/** What a launcher is called with, and the signal that it passes on without killing anybody. */
interface Mpirun {
  words: string[];
  variables: Record<string, string>;
  stop: NodeJS.Signals;
}

/** By what `mpirun --version` says. Threads are divided by Strata, which knows how many it wants, so processes are not bound. */
export function mpirunFor(version: string, ranks: number): Mpirun {
  if (/Open ?MPI|OpenRTE|PRRTE|prte/i.test(version)) {
    return {
      words: ["--oversubscribe", "--bind-to", "none", "-n", String(ranks)],
      variables: { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" }, // as whom Strata runs already
      stop: "SIGUSR1", // SIGTERM would be followed by SIGKILL a second later
    };
  }
  return { words: ["-n", String(ranks)], variables: {}, stop: "SIGTERM" };
}

/**
 * Runs this command line in several processes, to their end. The first signal asks them to save and stop, as it would one process;
 * the second ends them.
 *
 * @throws UserError where there is no `mpirun`
 */
export async function runUnderLauncher(ranks: number, { signal }: Pick<Context, "signal">): Promise<never> {
  const { stdout, error } = spawnSync("mpirun", ["--version"], { encoding: "utf8" });
  if (error) {
    throw new UserError(
      "not-found",
      `--ranks ${ranks}: expected mpirun on the path, got none. Install MPI (Debian: openmpi-bin or mpich), or start one process with more --threads.`,
    );
  }
  const { words, variables, stop } = mpirunFor(stdout, ranks);
  const [program, script, ...rest] = [process.execPath, process.argv[1], ...process.argv.slice(2)];
  const child = spawn("mpirun", [...words, program, ...process.execArgv, script, ...rest], {
    stdio: "inherit",
    detached: true, // a group of its own: Ctrl-C reaches this process alone, and it decides what they get
    env: { ...process.env, ...variables },
  });
  signal.addEventListener("abort", () => signalGroup(child, stop), { once: true });
  const { code } = await ended(child);
  process.exit(code ?? 1);
}

/** To `mpirun` itself, which passes it on. */
function signalGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(pid, name);
}

const ended = (child: ChildProcess): Promise<{ code: number | null }> =>
  new Promise((resolve, reject) => {
    child.on("error", reject).on("exit", (code) => resolve({ code }));
  });
