/** @file Which folder of `src` may import from which: DESIGN's layer table, as a function of the source text. */

/** What each folder may import, nearest first: folders, or single files of one. */
export const LAYERS: Record<string, string[]> = {
  errors: [],
  "cache-folder": [],
  thread: ["errors"],
  "webgpu-types": [], // names for TypeScript alone
  config: ["errors"],
  random: ["errors"],
  formats: ["errors"],
  engine: ["errors", "cache-folder"], // it knows nothing of this project, and could be published alone
  data: ["formats", "random", "errors", "cache-folder"], // no models
  metrics: ["engine", "random", "errors"], // numbers in, numbers out
  model: ["engine/tree", "random", "config", "errors"], // no losses, files or engines; a tree is none of them
  objective: ["model", "engine/tree", "random", "config", "errors"], // no optimizers or files
  generation: ["objective", "model", "data", "engine", "formats", "random", "config", "errors"],
  // what evaluation measures has to be made first
  evaluation: ["generation", "objective", "model", "data", "engine", "formats", "random", "config", "errors"],
  training: [
    ...["generation", "evaluation"], // it shows samples and measures the bound on held-out images as it goes
    ...["objective", "model", "data", "engine", "formats", "random", "config", "errors"],
  ],
  // what turns images into vectors; one of them is trained
  features: [
    ...["training", "generation", "metrics"],
    ...["objective", "model", "data", "engine", "formats", "random", "config", "errors", "cache-folder"],
  ],
  // whole measurements and the paper's experiments, made of everything below
  experiments: [
    ...["features", "training", "generation", "evaluation", "metrics"],
    ...["objective", "model", "data", "engine", "formats", "random", "config", "errors", "cache-folder"],
  ],
  // other people's weights in, ours out: run folders are written and read
  exchange: ["training", "generation", "objective", "model", "engine", "formats", "config", "errors"],
  report: [
    ...["experiments", "features", "training", "generation", "evaluation", "metrics"],
    ...["objective", "model", "data", "engine", "formats", "random", "config", "errors"],
  ],
};

/** npm packages that a folder may import; folders that are not listed may import any. */
export const PACKAGES: Record<string, (name: string) => boolean> = {
  model: (name) => name === "@jax-js/jax", // pure functions of parameters
  objective: (name) => name === "@jax-js/jax",
  cli: (name) => name !== "@jax-js/jax" && !name.startsWith("onnx"), // no tensors
};

/** Files at the top that all may import: they know nothing of this project. */
const EVERYWHERE = new Set([
  "polyfill",
  "version",
  "thread",
  "thread-service",
  "lifetime",
  "cache-folder",
  "number-format",
  "attempt",
]);

/** Folders, or files at the top, that may import everything. */
const OPEN = new Set(["cli", "index"]);

/**
 * The imports of one source file that go against the table.
 *
 * @param path - the file, relative to `src`: "model/blocks.ts"
 * @param source - its text
 * @returns one sentence for each violation
 */
export function violations(path: string, source: string): string[] {
  const layer = layerOf(path);
  if (!OPEN.has(layer) && !EVERYWHERE.has(layer) && !(layer in LAYERS)) {
    return [`src/${path}: the folder ${layer} is not in the layer table of test/support/layers.ts`];
  }
  return importsOf(source).flatMap((specifier) => {
    if (specifier.startsWith("node:")) return [];
    if (!specifier.startsWith(".")) {
      const allowed = PACKAGES[layer]?.(packageOf(specifier)) ?? true;
      return allowed ? [] : [`src/${path} imports the package ${specifier}, which ${layer} must not know`];
    }
    const file = new URL(specifier, `file:///${path}`).pathname.slice(1).replace(/\.js$/, "");
    const target = layerOf(file);
    const allowed = target === layer || OPEN.has(layer) || EVERYWHERE.has(target);
    return allowed || LAYERS[layer]?.some((known) => known === target || known === file)
      ? []
      : [`src/${path} imports ${specifier}: ${layer} stands below ${target}`];
  });
}

/** "model/blocks.ts" → "model", "errors.ts" → "errors". */
const layerOf = (path: string): string => path.split("/")[0].replace(/\.[jt]s$/, "");

/** "@jax-js/jax/x" → "@jax-js/jax". */
const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/** What a file imports or re-exports, types included, statically or not. */
function importsOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const pattern = /\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g;
  return [...code.matchAll(pattern)].map((match) => match[1]);
}
