/** @file The experiments of `experiments/paper`: their configurations, and their commands as a shell would call them. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(repository, "experiments", "paper");

const namesOf = (extension: string): string[] => readdirSync(folder).filter((name) => name.endsWith(extension));

/** Names of the configuration files, and paths by which the commands call them. */
export const configurations = namesOf(".json");
export const configurationPath = (name: string): string => join("experiments", "paper", name);

/** Jobs for Slurm, by name. */
export const jobs = new Map(namesOf(".slurm").map((name) => [name, readFileSync(join(folder, name), "utf8")]));

/** The page's programs. */
export const pagePrograms = [
  ...readFileSync(join(repository, "docs", "reproduce.md"), "utf8").matchAll(/^```sh\n([\s\S]*?)^```$/gm),
].map(([, program]) => program);

/** Programs that the commands call; each writes its words down. One that starts another calls it. */
const RECORDED = ["mkdir", "npm", "pip", "sbatch", "scontrol", "strata"];

/**
 * Runs a program of bash in which every command is only written down.
 *
 * @param variables - of its environment
 * @param exits - the exit code of each command that is called, in order; 0 for those that follow
 * @returns the words of each call, its name first
 */
export function callsOf(script: string, variables: Record<string, string> = {}, exits: number[] = []): string[][] {
  const place = mkdtempSync(join(tmpdir(), "strata-paper-"));
  try {
    const programs = join(place, "bin");
    const record = join(place, "calls");
    mkdirSync(programs);
    writeFileSync(record, "");
    const write = (name: string, text: string) => {
      const path = join(programs, name);
      writeFileSync(path, `#!/bin/bash\n${text}\n`);
      chmodSync(path, 0o755);
    };
    const noted = `{ printf '%s\\t' "\${0##*/}" "$@"; echo; } >> '${record}'`;
    const code = `codes=(${exits.join(" ")}); mapfile -t calls < '${record}'; exit "\${codes[\${#calls[@]} - 1]:-0}"`;
    for (const name of RECORDED) write(name, `${noted}\n${code}`);
    write("srun", 'exec "$@"');
    const env = { PATH: programs, DATA: "/data", RUNS: "/runs", XLA: "/xla", SLURM_JOB_ID: "7", ...variables };
    execFileSync("/bin/bash", ["-e", "-c", script], { cwd: repository, env, stdio: ["ignore", "ignore", "pipe"] });
    const lines = readFileSync(record, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => line.split("\t").slice(0, -1));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
