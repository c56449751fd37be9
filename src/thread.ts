/** @file Threads that run a module of this program. */
import { Worker } from "node:worker_threads";

/**
 * Starts a thread with the module `name` beside the caller: as built, or, where the caller runs as TypeScript (in the
 * repository), through tsx.
 *
 * @param name - without an ending: "./worker"
 * @param caller - the caller's `import.meta.url`
 * @param workerData - what the module finds under that name
 */
export function startThread(name: string, caller: string, workerData: unknown): Worker {
  if (!caller.endsWith(".ts")) return new Worker(new URL(`${name}.js`, caller), { workerData, execArgv: [] });
  const entry = JSON.stringify(new URL(`${name}.ts`, caller).href);
  const start = `import("tsx/esm/api").then(({ register }) => { register(); return import(${entry}); });`;
  return new Worker(start, { workerData, execArgv: [], eval: true });
}

/**
 * Ends a thread between two messages, by the message `undefined`: it closes its port when that comes. Terminating one inside
 * native code can take the whole process down.
 */
export async function endThread(thread: Worker): Promise<void> {
  const exited = new Promise((resolve) => thread.once("exit", resolve));
  thread.postMessage(undefined);
  if (thread.threadId !== -1) await exited;
}
