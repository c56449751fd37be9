/** @file Programs that a runtime has loaded, shared by those with the same content. */
import { createHash } from "node:crypto";
import type { LoweredGraph } from "../lowered-program.js";
import type { LoadedProgram, Runtime } from "./runtime.js";

/** A program's share of a session. */
export interface Session extends LoadedProgram {
  /** Gives the share back; with the last one the session ends. */
  release(): Promise<void>;
}

interface Shared {
  loaded: Promise<LoadedProgram>;
  users: number;
}

const sessions = new WeakMap<Runtime, Map<string, Shared>>();

/**
 * The session that runs a lowered graph, made when there is none yet.
 *
 * @param keep - which outputs will stay on the device
 * @param optimise - whether ONNX Runtime should rewrite the graph first
 */
export async function acquireSession(
  { code, inputs, outputs }: LoweredGraph,
  runtime: Runtime,
  keep: readonly boolean[],
  optimise: boolean,
): Promise<Session> {
  const key = createHash("sha256").update(code).update(String(keep)).digest("hex");
  const known = sessions.get(runtime) ?? new Map<string, Shared>();
  sessions.set(runtime, known);
  let shared = known.get(key);
  if (!shared) {
    const loaded = runtime.load({ code, inputs, outputs, keep, optimise });
    shared = { loaded, users: 0 };
    known.set(key, shared);
  }
  shared.users++;
  const release = async () => {
    shared.users--;
    if (shared.users > 0) return;
    known.delete(key);
    await runtime.unload((await shared.loaded).number);
  };
  try {
    return { ...(await shared.loaded), release };
  } catch (error) {
    known.delete(key);
    throw error;
  }
}
