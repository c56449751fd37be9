/** @file Which packages a module loads as soon as it is imported, by itself and by what it imports. */
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The packages that each module loads at once. What is imported lazily does not count.
 *
 * @param modules - paths in the repository
 * @returns names as they are imported, in order, by path
 */
export async function loadedPackages(modules: readonly string[]): Promise<Record<string, string[]>> {
  const { metafile } = await build({
    ...{ absWorkingDir: repository, entryPoints: [...modules], outdir: "unused", write: false },
    ...{ bundle: true, splitting: true, format: "esm", platform: "node", packages: "external" },
    ...{ metafile: true, logLevel: "silent" },
  });
  return Object.fromEntries(modules.map((path) => [path, packagesOf(path, metafile)]));
}

function packagesOf(path: string, { outputs }: Metafile): string[] {
  const [entry] = Object.keys(outputs).filter((output) => outputs[output].entryPoint === path);
  const seen = new Set<string>();
  const follow = (output: string) => {
    if (seen.has(output)) return;
    seen.add(output);
    for (const { path: imported, kind } of outputs[output]?.imports ?? []) {
      if (kind === "import-statement") follow(imported);
    }
  };
  follow(entry);
  return [...seen].filter((each) => !(each in outputs) && !each.startsWith("node:")).sort();
}
