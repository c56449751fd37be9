/** @file The competitors: what they are called, how they are started, and whether they are installed. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Competing {
  /** Competitors of one system are variants of it, of which the best counts. */
  system: string;
  variant?: string;
  command: string[];
  /** Whether it needs the file of `withInputs`. */
  needsInputs: boolean;
}

export const nameOf = ({ system, variant }: Competing): string => (variant ? `${system}, ${variant}` : system);

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const script = (path: string) => [process.execPath, "--import", "tsx", here(path)];

export const strata: Competing = { system: "Strata", command: script("strata.ts"), needsInputs: false };
/** Features of the Inception network. */
export const strataInception: Competing = { system: "Strata", command: script("inception.ts"), needsInputs: true };
const jaxJs: Competing = { system: "jax-js wasm", command: script("jax-js.ts"), needsInputs: false };
const tensorFlow: Competing = {
  system: "TensorFlow.js cpu",
  command: script("tensorflow.ts"),
  needsInputs: false,
};

/** Debian's interpreter first: it is the one that has Debian's PyTorch. */
const INTERPRETERS = ["/usr/bin/python3", "python3"];

let found: { interpreter: string; version: string } | undefined | null;

/** The interpreter that has PyTorch, and PyTorch's version; undefined where none has. */
export function pyTorchInstallation(): { interpreter: string; version: string } | undefined {
  if (found === undefined) found = INTERPRETERS.map(withPyTorch).find((one) => one !== undefined) ?? null;
  return found ?? undefined;
}

function withPyTorch(interpreter: string) {
  try {
    const script = "import torch; print(torch.__version__)";
    const version = execFileSync(interpreter, ["-c", script], { encoding: "utf8", stdio: "pipe" }).trim();
    return { interpreter, version };
  } catch {
    return undefined;
  }
}

/** PyTorch in both memory formats, the usual winner first; empty where it is not installed. */
export const pyTorch = (): Competing[] => inPyTorch("pytorch/peer.py");

/** PyTorch's features of the Inception network. */
export const inceptionPeers = (): Competing[] => inPyTorch("pytorch/inception.py");

function inPyTorch(program: string): Competing[] {
  const installation = pyTorchInstallation();
  if (!installation) return [];
  return ["channels-last", "contiguous"].map((variant) => ({
    system: "PyTorch",
    variant,
    command: [installation.interpreter, "-B", here(program), variant],
    needsInputs: true,
  }));
}

/** PyTorch sampling with guidance as the authors' script does: module by module, contiguous, spectral norms and all. */
export const pyTorchAsPublished = (): Competing[] =>
  pyTorch()
    .filter(({ variant }) => variant === "contiguous")
    .map(({ command, needsInputs }) => ({
      system: "PyTorch as published",
      command: [...command, "as-published"],
      needsInputs,
    }));

/** Version of an installed package, or undefined. */
export function packageVersion(name: string): string | undefined {
  try {
    const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
    return JSON.parse(readFileSync(file, "utf8")).version as string;
  } catch {
    return undefined;
  }
}

/** The peers written in JavaScript, as far as they are installed. */
export const inJavaScript = (): Competing[] => [
  jaxJs,
  ...(packageVersion("@tensorflow/tfjs-core") ? [tensorFlow] : []),
];
