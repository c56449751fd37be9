import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { findPlugin, packageFolders, pluginsIn } from "./find-plugin.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "strata-find-"));
});

/** Makes a file under the root, and returns its path. */
function file(path: string, text = ""): string {
  const whole = join(root, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
  return whole;
}

const CPU = "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so";

/** A search below the root, with nothing in the environment but what is given. */
const search = (env: Record<string, string> = {}, wanted?: string) =>
  findPlugin({ env, cwd: join(root, "work"), home: join(root, "home") }, wanted);

describe("in one folder of packages", () => {
  test("the fastest devices come first, and the newest CUDA", () => {
    const paths = [
      "jax_plugins/xla_cuda13/xla_cuda_plugin.so",
      "jax_plugins/xla_cuda12/xla_cuda_plugin.so",
      "libtpu/libtpu.so",
      "jax_plugins/xla_rocm7/xla_rocm_plugin.so",
      "fastatomstruct_xla_cpu/libpjrt_cpu.so",
      CPU,
    ];
    for (const path of [...paths].reverse()) file(path);
    file("jax_plugins/xla_cuda12/other.so");
    file("numpy/core.so");
    file("note.txt");
    expect(pluginsIn(root)).toEqual(
      paths.map((path, index) => ({
        path: join(root, path),
        kind: ["cuda", "cuda", "tpu", "rocm", "cpu", "cpu"][index],
      })),
    );
  });

  test("of macOS too", () => {
    file("any/pjrt_c_api_cpu_plugin.dylib");
    expect(pluginsIn(root)).toEqual([{ path: join(root, "any/pjrt_c_api_cpu_plugin.dylib"), kind: "cpu" }]);
  });
});

describe("what is asked for", () => {
  test("a file, whatever its name, or a folder, from the working folder on", () => {
    const odd = file("work/odd.so");
    const path = file(`work/plugins/${CPU}`);
    expect(search({}, "odd.so")).toEqual({ path: odd, kind: "unknown" });
    expect(search({}, "plugins")).toEqual({ path, kind: "cpu" });
    expect(search({}, dirname(path))).toEqual({ path, kind: "cpu" });
    expect(search({ STRATA_XLA_PLUGIN: path })).toEqual({ path, kind: "cpu" });
    expect(search({ STRATA_XLA_PLUGIN: "/else/where" }, path)).toEqual({ path, kind: "cpu" });
  });

  test("is not replaced by another plugin where it is not", () => {
    file(`venv/lib/python3.12/site-packages/${CPU}`);
    const VIRTUAL_ENV = join(root, "venv");
    expect(() => search({ VIRTUAL_ENV, STRATA_XLA_PLUGIN: "/no/plugin" })).toThrow(
      "There is no PJRT plugin at /no/plugin, which STRATA_XLA_PLUGIN names. ",
    );
    expect(() => search({ VIRTUAL_ENV }, "/no/plugin")).toThrow("There is no PJRT plugin at /no/plugin. ");
    expect(() => search({ VIRTUAL_ENV }, root)).toThrow(`There is no PJRT plugin at ${root}. `);
    expect(search({ VIRTUAL_ENV, STRATA_XLA_PLUGIN: "" }).path).toContain("venv"); // empty is unset
  });
});

describe("in the Python environments of a shell", () => {
  /** An environment with a plugin, and the folder of its packages. */
  const environment = (prefix: string, packages = "lib/python3.12/site-packages") => {
    file(`${prefix}/${packages}/${CPU}`);
    return join(root, prefix, packages);
  };
  const folders = (env: Record<string, string>) =>
    packageFolders({ env, cwd: join(root, "work"), home: join(root, "home") });
  const path = (...entries: string[]) => entries.map((entry) => join(root, entry)).join(delimiter);

  test("the active one before others", () => {
    const expected = [
      environment("extra", "."),
      environment("venv"),
      environment("conda"),
      environment("usr"),
      environment("home/.local"),
    ];
    file("usr/bin/python3");
    file("later/bin/python3");
    environment("later");
    environment("work/.venv"); // not active
    const env = {
      VIRTUAL_ENV: join(root, "venv"),
      CONDA_PREFIX: join(root, "conda"),
      PYTHONPATH: path("extra", "missing"),
      PATH: `${delimiter}${path("bin", "usr/bin", "later/bin")}`,
    };
    expect(folders(env)).toEqual(expected);
    expect(search(env)).toEqual({ path: join(root, "extra", CPU), kind: "cpu" });
    expect(search()).toEqual({ path: join(root, "home/.local/lib/python3.12/site-packages", CPU), kind: "cpu" });
  });

  test("`python3` as a link: where it lies, as in a virtual environment, and what it leads to", () => {
    const here = environment("venv");
    const there = environment("opt/python");
    file("opt/python/bin/python3.12");
    mkdirSync(join(root, "venv/bin"));
    symlinkSync(join(root, "opt/python/bin/python3.12"), join(root, "venv/bin/python3"));
    expect(folders({ PATH: path("venv/bin") })).toEqual([here, there]);
  });

  test("Debian's folders, the newest version first", () => {
    file("usr/bin/python3");
    const expected = [
      environment("usr", "lib/python3.13/site-packages"),
      environment("usr", "lib/python3.9/dist-packages"),
      environment("usr", "lib/python3/dist-packages"),
      environment("usr", "lib64/python3.13/site-packages"),
      environment("usr", "local/lib/python3.13/dist-packages"),
    ];
    environment("usr", "lib/python2.7/site-packages");
    expect(folders({ PATH: path("usr/bin") })).toEqual(expected);
  });

  test("pyenv's chosen version: of the shell, the folder or the user", () => {
    file("pyenv/shims/python3", "#!/bin/sh");
    file("usr/bin/python3");
    const system = environment("usr");
    const [old, young, other] = ["3.12.2", "3.12.10", "3.9.1"].map((version) =>
      environment(`pyenv/versions/${version}`),
    );
    const PYENV_ROOT = join(root, "pyenv");
    const PATH = path("pyenv/shims", "usr/bin");
    expect(folders({ PATH, PYENV_ROOT })).toEqual([system]);
    file("pyenv/version", "3.9.1\n");
    expect(folders({ PATH, PYENV_ROOT })).toEqual([other]);
    file(".python-version", "3.12\n"); // above the working folder
    expect(folders({ PATH, PYENV_ROOT })).toEqual([young]);
    expect(folders({ PATH, PYENV_ROOT, PYENV_VERSION: "3.12.2:3.9.1" })).toEqual([old, other]);
    expect(folders({ PATH, PYENV_ROOT, PYENV_VERSION: "system" })).toEqual([system]);
    expect(folders({ PATH: path("usr/bin"), PYENV_ROOT })).toEqual([system]); // not in use
  });

  test("none of them has a plugin: the error says where they are, and how to get one", () => {
    file("venv/lib/python3.12/site-packages/numpy/core.so");
    const error = (env: Record<string, string>) => {
      try {
        return search(env);
      } catch (thrown) {
        return thrown;
      }
    };
    expect(error({ VIRTUAL_ENV: join(root, "venv") })).toEqual(
      expect.objectContaining({
        code: "environment",
        message: expect.stringMatching(
          /^XLA needs a PJRT plugin, and the Python packages in \S+\/venv\/lib\/python3.12\/site-packages include none\. .*pip install --target DIR/,
        ),
      }),
    );
    expect(error({})).toBeInstanceOf(UserError);
    expect((error({}) as Error).message).toContain("there is no Python environment to look in");
  });
});
