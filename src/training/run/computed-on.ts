/** @file What a run is computed on, and whether it goes on there when it is resumed. */
import type { Runtime } from "../../engine/index.js";
import { precisionOf } from "../../inference/execution-options.js";
import type { RunLine } from "./metrics-log.js";

/** Part of a run's line in the log. */
export type ComputedOn = Pick<RunLine, "device" | "devices" | "precision" | "threads" | "version">;

/** What a runtime computes on. */
export async function computedOn(runtime: Runtime, version: string): Promise<ComputedOn> {
  const { device, threads } = runtime;
  if (device !== "xla") return { device, threads, version };
  const { devices } = await runtime.describe();
  const named = `${devices.length} × ${devices[0].kind}`;
  return { device, devices: named, ...precisionOf(runtime), threads, version };
}

/** What to tell when a run is resumed on something else than before; undefined where nothing has changed that changes its bytes. */
export function changeOf(before: ComputedOn, now: ComputedOn): string | undefined {
  const [was, is] = [described(before), described(now)];
  if (was === is) return undefined;
  return `This run was computed on ${was} and continues on ${is}: within rounding of what it would have become there, not byte for byte.`;
}

function described({ device, devices, precision, threads, version }: ComputedOn): string {
  const cores = device === "webgpu" ? "" : `, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  const rounded = precision ? `, ${precision}` : "";
  return `${device}${devices ? ` (${devices})` : ""}${rounded}${cores}, Strata ${version}`;
}
