/** @file Compiled programs of XLA's, kept on disk: to compile one takes many seconds, to load it a fraction. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { type Codec, cached, json } from "../disk-cache.js";
import type { Client } from "../pjrt/client.js";
import type { CompileOptions } from "../pjrt/compile-options.js";
import type { LoadedExecutable } from "../pjrt/executable.js";
import type { Plugin } from "../pjrt/plugin.js";
import { rememberTime } from "./compile-times.js";

/** Variables that change what XLA's compilers make of a program. */
const FLAGS = ["XLA_FLAGS", "LIBTPU_INIT_ARGS"];

/** How a client's programs are written, by those plugins that can. */
const executables = (client: Client): Codec<LoadedExecutable> => ({
  encode: ({ program }) => program.serialize(),
  decode: (bytes) => client.deserialize(bytes),
});

/** The executable of a program: loaded from the disk, or compiled. */
export function executableOf(client: Client, plugin: Plugin, text: string, options: CompileOptions): LoadedExecutable {
  const kinds = client.devices.map(({ kind }) => kind);
  const flags = FLAGS.map((name) => process.env[name]);
  // a program for a processor is made for that one, and for as many cores
  const processor = [cpus()[0]?.model, availableParallelism()];
  const key = ["executable", text, digestOf(plugin), kinds, processor, options, flags];
  return cached(JSON.stringify(key), executables(client), () => {
    const began = performance.now();
    const compiled = client.compile(text, options);
    rememberTime(plugin.path, text.length, (performance.now() - began) / 1000);
    return compiled;
  });
}

/** SHA-256 of a plugin's file, which is large: worked out again only when it changes. */
function digestOf({ path }: Plugin): unknown {
  const { size, mtimeMs } = statSync(path);
  const digest = () => createHash("sha256").update(readFileSync(path)).digest("hex");
  return cached(JSON.stringify(["digest", path, size, mtimeMs]), json, digest);
}
