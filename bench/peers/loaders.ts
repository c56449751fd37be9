/** @file Those who read published forms of sets in Python: datasets, webdataset, torchvision. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Responder } from "./responder.js";

/** The interpreter that has the packages: `STRATA_BENCH_PYTHON`, or one on the path. */
const INTERPRETERS = [process.env.STRATA_BENCH_PYTHON ?? "", "/usr/bin/python3", "python3"].filter(
  (each) => each !== "",
);

/** What it is asked: to write a folder of JPEG files as shards, or to decode and resize all images of a place. */
export type LoaderTask =
  | { work: "write"; folder: string; out: string; shards: number }
  | { work: "read"; form: "folder" | "parquet" | "webdataset"; place: string; ending: string; size: number };

/** A process with so many workers that has these modules; undefined where no interpreter has them. */
export function startLoaders(processes: number, modules: readonly string[]): Responder<LoaderTask> | undefined {
  const interpreter = INTERPRETERS.find((each) => {
    try {
      execFileSync(each, ["-c", `import ${["numpy", "PIL.Image", ...modules].join(", ")}`], { stdio: "pipe" });
      return true;
    } catch {
      return false;
    }
  });
  const script = fileURLToPath(new URL("loaders/loaders.py", import.meta.url));
  return interpreter === undefined ? undefined : new Responder([interpreter, "-B", script, String(processes)]);
}
