/** @file Which folder of `src` may import from which, as a function of the source text. */

/** What each folder may import, nearest first: folders, or single files of one. */
const LAYERS: Record<string, string[]> = {
  config: [],
  random: [],
  io: [],
  engine: [], // it knows nothing of this project, and could be published alone
  data: ["io", "random"], // no models
  ranks: ["engine"], // processes that share work, whatever it is
  model: ["engine/tree", "engine/primitives", "random", "config"], // no losses, files or runtimes
  latents: ["model", "config", "random"], // shared with the browser: pure functions of numbers
  // trained models in browsers; of what Node alone has, only what is pure functions of numbers
  web: [
    "latents",
    "model/groups",
    "inference/batches",
    "inference/pictures",
    "refinement/solver",
    "data/decoding/resize",
    "io/tensors/float16",
    "config",
  ],
  objective: ["model", "engine/primitives", "config"], // no optimizers or files
  // what a trained model can do, and the figures of what it does
  inference: ["objective", "latents", "model", "data", "engine", "io", "random", "config"],
  training: ["inference", "latents", "objective", "model", "data", "ranks", "engine", "io", "config"],
  // a second stage over the latents of a trained model
  refinement: ["training", "inference", "objective", "latents", "model", "data", "engine", "io", "random", "config"],
  // a second model of the pixels on a trained model's decoder
  heads: ["training", "inference", "objective", "latents", "model", "data", "engine", "io", "config"],
  // samples beside images: vectors of both, one extractor of which is trained, and how far they are apart
  quality: ["training", "inference", "model", "data", "engine", "io", "random"],
  // the paper's experiments, made of everything below
  experiments: ["quality", "heads", "refinement", "training", "inference", "model", "data", "io", "random", "config"],
  // other people's weights in, ours out: run folders are written and read
  weights: [
    "refinement",
    "training",
    "inference",
    "latents/cascade",
    "objective",
    "model",
    "engine",
    "io",
    "config",
    "web/manifest",
  ],
  // the local server of the page in web/app
  studio: ["experiments", "refinement", "training", "inference", "latents", "model", "data", "engine", "config"],
  // what leaves this machine: models with their cards
  sharing: [
    "report",
    "weights",
    "experiments",
    "heads",
    "refinement",
    "training",
    "inference",
    "model",
    "io",
    "config",
  ],
  // what a run has come to, with pictures drawn for it
  report: [
    "experiments",
    "quality",
    "refinement",
    "training",
    "inference",
    "latents",
    "objective",
    "model",
    "data",
    "io",
    "config",
  ],
};

/** npm packages that a folder may import; folders that are not listed may import any. */
const PACKAGES: Record<string, (name: string) => boolean> = {
  model: (name) => name === "@jax-js/jax", // pure functions of parameters
  objective: (name) => name === "@jax-js/jax",
  cli: (name) => name !== "@jax-js/jax" && !name.startsWith("onnx"), // no tensors
};

/** Files at the top that all may import: they know nothing of this project. */
const EVERYWHERE = new Set([
  "webgpu-types",
  "version",
  "thread",
  "thread-service",
  "lifetime",
  "cache-folder",
  "package-folder",
  "errors",
  "number-format",
  "rounding",
  "erfc",
  "attempt",
]);

/** Folders, or files at the top, that may import everything. */
const OPEN = new Set(["cli", "index", "exports"]);

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
    const file = importedFile(path, specifier);
    const target = layerOf(file);
    const allowed = target === layer || OPEN.has(layer) || EVERYWHERE.has(target);
    return allowed || LAYERS[layer]?.some((known) => known === target || known === file)
      ? []
      : [`src/${path} imports ${specifier}: ${layer} stands below ${target}`];
  });
}

/**
 * What the table allows and no file of the folder makes use of.
 *
 * @param sources - the text of every file by its path relative to `src`
 * @returns "folder → target" for each
 */
export function unusedAllowances(sources: ReadonlyMap<string, string>): string[] {
  return Object.entries(LAYERS).flatMap(([layer, allowed]) => {
    const imported = new Set(
      [...sources]
        .filter(([path]) => layerOf(path) === layer)
        .flatMap(([path, source]) => importsOf(source).map((specifier) => importedFile(path, specifier)))
        .flatMap((file) => [file, layerOf(file)]),
    );
    return allowed.filter((target) => !imported.has(target)).map((target) => `${layer} → ${target}`);
  });
}

/**
 * Files that import one another in a circle.
 *
 * @param sources - the text of every file by its path relative to `src`
 * @returns a circle's files in order, of every circle that is found
 */
export function circles(sources: ReadonlyMap<string, string>): string[][] {
  const found: string[][] = [];
  const finished = new Set<string>();
  const visit = (path: string, route: readonly string[]): void => {
    const start = route.indexOf(path);
    if (start >= 0) found.push(route.slice(start));
    if (start >= 0 || finished.has(path)) return;
    for (const specifier of importsOf(sources.get(path) ?? "")) {
      const next = `${importedFile(path, specifier)}.ts`;
      if (sources.has(next)) visit(next, [...route, path]);
    }
    finished.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return found;
}

/** "model/blocks.ts", "../errors.js" → "errors"; a package is itself. */
const importedFile = (path: string, specifier: string): string =>
  specifier.startsWith(".") ? new URL(specifier, `file:///${path}`).pathname.slice(1).replace(/\.js$/, "") : specifier;

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
