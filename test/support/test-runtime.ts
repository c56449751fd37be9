/**
 * @file The device of tests that run on more than one: the CPU, or XLA's where STRATA_TEST_DEVICE is "xla". Without a plugin, the
 * tests of a file that imports this one are then skipped, each by its name.
 */
import { beforeEach } from "vitest";
import { Runtime } from "../../src/engine/index.js";
import { QUICK_TO_COMPILE, xlaPlugins } from "./pjrt.js";

const onXla = process.env.STRATA_TEST_DEVICE === "xla";
const [plugin] = xlaPlugins(process.env);

if (onXla && plugin.path === undefined) beforeEach(({ skip }) => skip(`no PJRT plugin ${plugin.name}`));

/** XLA on the first plugin, which must be there. */
export function openXlaRuntime(devices = 1): Runtime {
  return new Runtime({ device: "xla", xla: { plugin: plugin.path!, devices, overrides: QUICK_TO_COMPILE } });
}

/** A runtime on the device of the tests. */
export const openTestRuntime = (): Runtime =>
  onXla && plugin.path !== undefined ? openXlaRuntime() : new Runtime({ threads: 1 });
