/** @file The competitors: what they are called, how they are started, and whether they are installed. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { fileURLToPath } from "node:url";
import { findPlugin } from "../../src/engine/pjrt/find-plugin.js";

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

/** A Python interpreter that has a package, and the package's version. */
interface Installation {
  interpreter: string;
  version: string;
}

/** Debian's interpreter first: it is the one that has Debian's PyTorch. */
const INTERPRETERS = ["/usr/bin/python3", "python3"];

const found = new Map<string, Installation | undefined>();

/** The first interpreter that has a package; undefined where none has. */
function installationOf(name: string, interpreters: readonly string[]): Installation | undefined {
  if (!found.has(name)) {
    const all = interpreters.map((interpreter) => withPackage(name, interpreter));
    found.set(
      name,
      all.find((one) => one !== undefined),
    );
  }
  return found.get(name);
}

function withPackage(name: string, interpreter: string): Installation | undefined {
  try {
    const script = `import ${name}; print(${name}.__version__)`;
    const version = execFileSync(interpreter, ["-c", script], { encoding: "utf8", stdio: "pipe" }).trim();
    return { interpreter, version };
  } catch {
    return undefined;
  }
}

/** PyTorch's: of the interpreter in `STRATA_BENCH_PYTORCH_PYTHON`, or the system's. */
export const pyTorchInstallation = (): Installation | undefined =>
  installationOf("torch", [process.env.STRATA_BENCH_PYTORCH_PYTHON ?? [], ...INTERPRETERS].flat());

/** JAX's: of the interpreter in `STRATA_BENCH_JAX_PYTHON`, or the system's. */
export const jaxInstallation = (): Installation | undefined =>
  installationOf("jax", [process.env.STRATA_BENCH_JAX_PYTHON ?? [], ...INTERPRETERS].flat());

/** How exactly products are computed. */
export type Precision = "float32" | "tf32" | "bfloat16";

/** Strata on XLA, through one of its plugins. */
export const strataOnXla = (plugin: string, precision: Precision = "float32"): Competing => ({
  system: "Strata on XLA",
  variant: precision,
  command: [...script("strata.ts"), plugin, precision],
  needsInputs: false,
});

/** Strata on the plugin that `--device xla` would take; empty where there is none. */
export function onXla(): Competing[] {
  try {
    return [strataOnXla(findPlugin({ env: process.env, cwd: process.cwd(), home: homedir() }).path)];
  } catch {
    return [];
  }
}

/** JAX, which trains and generates; empty where it is not installed. */
export function jax(precision: Precision = "float32"): Competing[] {
  const installation = jaxInstallation();
  if (!installation) return [];
  const command = [installation.interpreter, "-B", here("jax/peer.py"), precision];
  return [{ system: "JAX", variant: precision, command, needsInputs: true }];
}

/** PyTorch on a GPU, as its users would train there. */
export function pyTorchOnGpu(precision: Precision, { compile = false } = {}): Competing[] {
  const settings = ["--device", "cuda", "--precision", precision, ...(compile ? ["--compile"] : [])];
  return pyTorch()
    .filter(({ variant }) => variant === "channels-last")
    .map(({ command, ...rest }) => ({
      ...rest,
      variant: `${precision}, channels-last${compile ? ", compiled" : ""}`,
      command: [...command, ...settings],
    }));
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
      command: [...command, "--as-published"],
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
