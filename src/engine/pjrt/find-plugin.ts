/**
 * @file Where PJRT plugins are: they come as Python packages, so they lie in the folders that the Python of this shell
 * has its packages in. Those are found by reading the environment and the disk; Python is not run.
 */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { noPluginAt, noPluginFound } from "./explain.js";
import { KINDS, type Plugin, pluginAt } from "./plugin.js";

/** What the search depends on, beside the disk. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** The user's home folder. */
  home: string;
}

/**
 * The plugin to compute with: the one that is asked for; or the one of `STRATA_XLA_PLUGIN`; or, in the first Python
 * environment that has any, the one for the fastest devices.
 *
 * @param wanted - a plugin, or a folder that Python packages were installed into
 * @throws UserError that says where it looked
 */
export function findPlugin({ env, cwd, home }: Surroundings, wanted?: string): Plugin {
  const named = wanted ?? env.STRATA_XLA_PLUGIN;
  if (named) {
    const path = resolve(cwd, named);
    const found = isFolder(path) ? pluginsIn(path)[0] : existsSync(path) ? pluginAt(path) : undefined;
    if (found === undefined) throw noPluginAt(path, wanted === undefined ? "STRATA_XLA_PLUGIN" : undefined);
    return found;
  }
  const folders = packageFolders({ env, cwd, home });
  for (const folder of folders) {
    const [found] = pluginsIn(folder);
    if (found) return found;
  }
  throw noPluginFound(folders);
}

/** The plugins of a folder of Python packages, or of one package, the fastest devices first. */
export function pluginsIn(folder: string): Plugin[] {
  // newest first: xla_cuda13 before xla_cuda12
  const accelerators = list(join(folder, "jax_plugins")).sort(byNumber).reverse();
  const packages = [".", ...accelerators.map((name) => join("jax_plugins", name)), ...list(folder)];
  const found = packages.flatMap((name) =>
    list(join(folder, name))
      .filter((file) => /\.(so|dylib)$/.test(file))
      .map((file) => pluginAt(join(folder, name, file))),
  );
  return KINDS.flatMap((kind) => found.filter((plugin) => plugin.kind === kind));
}

/**
 * The folders in which the Python environments of this shell have their packages, those that are there, in the order in
 * which the shell prefers them: the active one, the one that `python3` starts, the user's. An environment that merely
 * lies in the working folder is none of them: a plugin is native code, and that folder may be a stranger's.
 */
export function packageFolders({ env, cwd, home }: Surroundings): string[] {
  const pythonPath = pathList(env.PYTHONPATH);
  const prefixes = [
    env.VIRTUAL_ENV,
    env.CONDA_PREFIX,
    ...pathPrefixes({ env, cwd, home }),
    env.PYTHONUSERBASE || join(home, ".local"),
  ].filter((prefix): prefix is string => prefix !== undefined && prefix !== "");
  const folders = [...pythonPath.map((folder) => resolve(cwd, folder)), ...prefixes.flatMap(librariesOf)];
  return [...new Set(folders)].filter(isFolder);
}

/** Where a Python under this prefix looks for packages. Debian's has them in `dist-packages`, partly under `local`. */
const librariesOf = (prefix: string): string[] =>
  [prefix, join(prefix, "local")].flatMap((base) =>
    ["lib", "lib64"].flatMap((lib) =>
      list(join(base, lib))
        .filter((name) => /^python3(\.\d+)?$/.test(name))
        .sort(byNumber)
        .reverse()
        .flatMap((python) => ["site-packages", "dist-packages"].map((packages) => join(base, lib, python, packages))),
    ),
  );

/**
 * The prefixes of `python3` on the path: as it is called there, which is that of a virtual environment, and of what it
 * is a link to. Pyenv's is a script, which starts the versions that are chosen, if there are any.
 */
function pathPrefixes({ env, cwd, home }: Surroundings): string[] {
  const pyenv = env.PYENV_ROOT || join(home, ".pyenv");
  for (const folder of pathList(env.PATH)) {
    if (folder === join(pyenv, "shims")) {
      const chosen = env.PYENV_VERSION || localVersion(cwd) || textOf(join(pyenv, "version")) || "system";
      const prefixes = pyenvPrefixes(join(pyenv, "versions"), chosen.split(/[\s:]+/));
      if (prefixes.length > 0) return prefixes;
    } else if (existsSync(join(folder, "python3"))) {
      return [dirname(folder), dirname(dirname(realpathSync(join(folder, "python3"))))];
    }
  }
  return [];
}

/** The prefixes of versions that are installed: "3.12" means the newest 3.12. */
function pyenvPrefixes(versions: string, chosen: readonly string[]): string[] {
  const installed = list(versions).sort(byNumber).reverse();
  return chosen
    .map((version) => installed.find((name) => name === version || name.startsWith(`${version}.`)))
    .filter((name) => name !== undefined)
    .map((name) => join(versions, name));
}

/** What `.python-version` says, in this folder or the nearest one above it. */
function localVersion(folder: string): string | undefined {
  const here = textOf(join(folder, ".python-version"));
  const above = dirname(folder);
  return here ?? (above === folder ? undefined : localVersion(above));
}

/** The folders of a variable such as PATH. */
const pathList = (value = ""): string[] => value.split(delimiter).filter((folder) => folder !== "");

/** By the numbers in names: python3.9 before python3.13. */
const byNumber = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** The names in a folder; none where there is no folder, or none that may be read. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The text of a small file, trimmed; undefined where there is none. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
