/** @file The binding on a real plugin, where there is one: a CPU's, on which XLA runs everywhere. */
import { mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { xlaPlugins } from "../../../test/support/pjrt.js";
import { testPlugin } from "../../../test/support/pjrt-plugin-tests.js";
import { loadPlugin } from "./api.js";

const [plugin, other] = xlaPlugins(process.env);

testPlugin(plugin);

test.runIf(other)("another plugin in the same process is refused, the same one by another path is not", () => {
  expect(() => loadPlugin(other.path!)).toThrow(
    expect.objectContaining({ fault: { kind: "another", loaded: plugin.path } }),
  );
  const link = join(mkdtempSync(join(tmpdir(), "strata-plugin-")), basename(plugin.path!));
  symlinkSync(plugin.path!, link);
  expect(loadPlugin(link).version).toBe(loadPlugin(plugin.path!).version);
});
