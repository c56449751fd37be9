/** @file The report: printed while it grows, kept as Markdown and as JSON. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { jaxInstallation, packageVersion, pyTorchInstallations } from "./peers/systems.js";
import { gigabytes, type Line, type Section } from "./suite.js";

const FOLDER = fileURLToPath(new URL("results/", import.meta.url));

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

/** When, where, with what and how it was measured. */
function preface(args: readonly string[], threads: number): string {
  const versions = [
    `Node ${process.versions.node}`,
    ...["onnxruntime-node", "@jax-js/jax", "@tensorflow/tfjs-core"].map(
      (name) => `${name} ${packageVersion(name) ?? "not installed"}`,
    ),
    `PyTorch ${
      pyTorchInstallations()
        .map(({ version }) => version)
        .join(" and ") || "not installed: its columns are left empty"
    }`,
    `JAX ${jaxInstallation()?.version ?? "not installed"}`,
  ];
  const command = ["npm run bench", ...(args.length > 0 ? ["--", ...args] : [])].join(" ");
  const machine = `${cpus().length} × ${cpus()[0].model}, ${gigabytes(totalmem())} GB, ${threads} threads, load ${loadavg()[0].toFixed(1)} before`;
  return `${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC · ${machine}\n${versions.join(" · ")}\n\`${command}\`\n`;
}

export class Report {
  readonly #stem = `${FOLDER}${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}`;
  readonly #measured: unknown[] = [];
  #text = "";

  constructor(args: readonly string[], threads: number) {
    this.#add(preface(args, threads));
  }

  section({ title, columns }: Section): void {
    this.#add(`\n## ${title}\n\n${row(columns)}\n${row(columns.map(() => "---"))}\n`);
  }

  line(id: string, title: string, { cells, data }: Line): void {
    this.#add(`${row([title, ...cells])}\n`);
    this.#measured.push({ id, ...(data as object) });
    this.#save();
  }

  /** Where the report is kept. */
  get path(): string {
    return `${this.#stem}.md`;
  }

  #add(text: string): void {
    process.stdout.write(text);
    this.#text += text;
  }

  /** After every line, so that an interrupted suite leaves what it had. */
  #save(): void {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(this.path, this.#text);
    writeFileSync(
      `${this.#stem}.json`,
      `${JSON.stringify({ preface: this.#text.split("\n##")[0], measured: this.#measured })}\n`,
    );
  }
}
