/** @file Whether a device can be relied on here: tried in a process of its own, against the CPU. */
import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { RuntimeOptions } from "../runtime/runtime.js";
import type { Comparison } from "./compare.js";

/** What the process says while it works. */
export type Report = { testing: string } | { comparison: Comparison } | { refusal: string };

/** With the number of small programs that agree, and their largest deviation relative to the largest number of a result. */
export type Verdict = { usable: true; count: number; deviation: number } | { usable: false; reason: string };

/** How long a kernel may take, its compilation included, on the slowest device worth using. */
const SILENCE_SECONDS = 90;

/** The same for XLA, whose libraries are gigabytes that a cluster's nodes may load over a network. */
const SILENCE_SECONDS_XLA = 300;

/** Characters of what it writes on standard error that are kept. */
const MOST_ERRORS = 10_000;

/**
 * Tests a device. A driver may be missing, compute wrongly, hang, or take its process with it: whatever it does, there is a
 * verdict.
 *
 * @param options - of a runtime on it
 * @param program - that tests, and sends a `Report` of each kernel it starts with and of the whole
 * @param silenceSeconds - after which it is taken to hang
 */
export async function testDevice(
  options: RuntimeOptions,
  program = testProgram(),
  silenceSeconds = options.device === "xla" ? SILENCE_SECONDS_XLA : SILENCE_SECONDS,
): Promise<Verdict> {
  const child = fork(program.file, [JSON.stringify(options)], {
    execArgv: program.execArgv,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let errors = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-MOST_ERRORS);
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Verdict>((resolve) => {
      let doing = "its library was loaded";
      const refuse = (what: string) => resolve({ usable: false, reason: `${what} while ${doing}${lastWords(errors)}` });
      const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(() => refuse(`it was silent for ${silenceSeconds} seconds`), 1000 * silenceSeconds);
      };
      wait();
      child.on("message", (report: Report) => {
        wait();
        if ("testing" in report) doing = `testing ${report.testing}`;
        else if ("refusal" in report) resolve({ usable: false, reason: report.refusal });
        else resolve(verdict(report.comparison));
      });
      child.on("error", ({ message }) => refuse(message));
      child.on("close", (code, signal) => refuse(`its process ended (${signal ?? code})`));
    });
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
  }
}

/** Why a library ended the process, as those of Google's say it: `F1130 11:23:06.125 2846 file.cc:234] Unknown flag`. */
function lastWords(errors: string): string {
  const [, words] = /^F\d{4} [^\]]*\] (.*\S)/m.exec(errors) ?? [];
  return words === undefined ? "" : `: ${words}`;
}

function verdict({ count, deviation, fault }: Comparison): Verdict {
  if (fault === undefined) return { usable: true, count, deviation };
  const missing = fault.includes("Failed to get a WebGPU adapter");
  return { usable: false, reason: missing ? "no graphics driver for it was found" : fault };
}

/** `test-process.js` as built, or, where this file runs as TypeScript (in the repository), `test-process.ts` through tsx. */
function testProgram(): { file: string; execArgv: string[] } {
  const built = !import.meta.url.endsWith(".ts");
  const file = fileURLToPath(new URL(built ? "./test-process.js" : "./test-process.ts", import.meta.url));
  if (built) return { file, execArgv: [] };
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx"));
  return { file, execArgv: ["--import", tsx.href] };
}
