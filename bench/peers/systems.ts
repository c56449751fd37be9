/** @file The competitors: what they are called, how they are started, and whether they are installed. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter } from "node:path";
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

/** Those that `STRATA_BENCH_PYTHON` lists as `PATH` lists folders, then the system's, Debian's first: it has Debian's PyTorch. */
const interpreters = (): string[] => [
  ...(process.env.STRATA_BENCH_PYTHON ?? "").split(delimiter).filter((path) => path !== ""),
  "/usr/bin/python3",
  "python3",
];

const found = new Map<string, Installation[]>();

/** Every version of a package that the interpreters have, each once. */
function installationsOf(name: string): Installation[] {
  const known = found.get(name);
  if (known) return known;
  const all = interpreters().flatMap((interpreter) => withPackage(name, interpreter));
  const once = all.filter(({ version }, index) => all.findIndex((other) => other.version === version) === index);
  found.set(name, once);
  return once;
}

function withPackage(name: string, interpreter: string): Installation[] {
  try {
    const script = `import ${name}; print(${name}.__version__)`;
    const version = execFileSync(interpreter, ["-c", script], { encoding: "utf8", stdio: "pipe" }).trim();
    return [{ interpreter, version }];
  } catch {
    return [];
  }
}

export const pyTorchInstallations = (): Installation[] => installationsOf("torch");

export const jaxInstallation = (): Installation | undefined => installationsOf("jax")[0];

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

const MEMORY_FORMATS = ["channels-last", "contiguous"] as const;

/** One way to start PyTorch. */
interface PyTorchStart {
  installation: Installation;
  /** The program, in the folder of the peer. */
  program?: string;
  format: (typeof MEMORY_FORMATS)[number];
  /** More arguments of the program, and what they are called. */
  args?: string[];
  as?: string[];
  /** Of a library that replaces the allocator. */
  preload?: string;
}

function pyTorchAs({
  installation,
  program = "peer.py",
  format,
  args = [],
  as = [],
  preload,
}: PyTorchStart): Competing {
  return {
    system: `PyTorch ${installation.version}`,
    variant: [format, ...as].join(", "),
    command: [
      ...(preload ? ["env", `LD_PRELOAD=${preload}`] : []),
      ...[installation.interpreter, "-B", here(`pytorch/${program}`), format, ...args],
    ],
    needsInputs: true,
  };
}

/** Compiles programs by `torch.compile`, of version 2 and later. */
const compiles = ({ version }: Installation) => Number.parseInt(version, 10) >= 2;

/** Where Debian has the allocator that speeds PyTorch up most. */
const TCMALLOC = [
  "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4",
  "/usr/lib/aarch64-linux-gnu/libtcmalloc_minimal.so.4",
];

/** One installation in the ways that its users try: memory formats, compiled or not, with another allocator. */
function waysOf(installation: Installation): Competing[] {
  const formats = MEMORY_FORMATS.map((format) => pyTorchAs({ installation, format }));
  if (!compiles(installation)) return formats;
  const format = "channels-last";
  const compiled = { args: ["--compile"], as: ["compiled"] };
  const preload = TCMALLOC.find(existsSync);
  const withTcmalloc = ({ args = [], as = [] }: { args?: string[]; as?: string[] }) =>
    preload === undefined ? [] : [pyTorchAs({ installation, format, args, as: [...as, "tcmalloc"], preload })];
  return [...formats, pyTorchAs({ installation, format, ...compiled }), ...withTcmalloc({}), ...withTcmalloc(compiled)];
}

/** PyTorch in every version that is installed and every way of each; empty where it is not installed. */
export const pyTorch = (): Competing[] => pyTorchInstallations().flatMap(waysOf);

/** Whether the processor multiplies numbers in bfloat16. */
function hasBfloat16(): boolean {
  try {
    return /\b(avx512_bf16|amx_bf16|bf16)\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return false;
  }
}

/** The same in bfloat16, of versions that compile; empty where the processor would have to imitate it. */
export const pyTorchInBfloat16 = (): Competing[] =>
  (hasBfloat16() ? pyTorchInstallations() : [])
    .filter(compiles)
    .flatMap(waysOf)
    .filter(({ variant }) => !variant!.startsWith("contiguous"))
    .map(({ system, command, ...rest }) => ({
      ...rest,
      system: `${system} in bfloat16`,
      command: [...command, "--precision", "bfloat16"],
    }));

/** PyTorch in one version, in both memory formats: where the version makes no difference. */
export const pyTorchInFormats = (program: string): Competing[] =>
  pyTorchInstallations()
    .slice(0, 1)
    .flatMap((installation) => MEMORY_FORMATS.map((format) => pyTorchAs({ installation, program, format })));

/** PyTorch on a GPU, as its users would train there. */
export function pyTorchOnGpu(precision: Precision, { compile = false } = {}): Competing[] {
  const args = ["--device", "cuda", "--precision", precision, ...(compile ? ["--compile"] : [])];
  const as = [precision, ...(compile ? ["compiled"] : [])];
  return pyTorchInstallations()
    .slice(0, 1)
    .map((installation) => pyTorchAs({ installation, format: "channels-last", args, as }));
}

/** PyTorch sampling with guidance as the authors' script does: module by module, contiguous, spectral norms and all. */
export const pyTorchAsPublished = (): Competing[] =>
  pyTorchInstallations().map((installation) => ({
    ...pyTorchAs({ installation, format: "contiguous", args: ["--as-published"] }),
    system: `PyTorch ${installation.version} as published`,
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
