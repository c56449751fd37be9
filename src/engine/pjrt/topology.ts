/** @file Compiling for devices that are not here, from a description of them: to see what XLA makes of a program. */
import type { Api } from "./api.js";
import { type CompileOptions, compileArguments } from "./compile-options.js";
import { Executable } from "./executable.js";
import { type Belongings, Handle } from "./handle.js";
import { type NamedValues, namedValues } from "./named-values.js";

/** Devices as a description. */
export class Topology {
  readonly #belongings: Belongings = new Set();
  readonly #handle: Handle;

  /**
   * @param name - a name that the plugin knows, or "" where the options describe the devices
   * @param options - of the plugin. For GPUs `target_config` (a `GpuTargetConfigProto` as text) and `topology` (slices,
   *   hosts and devices: "1x1x2")
   */
  constructor(
    private readonly api: Api,
    name: string,
    options: NamedValues = {},
  ) {
    const text = new TextEncoder().encode(name);
    const topology = api.call("PJRT_TopologyDescription_Create", 56, text, text.length, ...namedValues(options))[6];
    this.#handle = new Handle(api, topology, "PJRT_TopologyDescription_Destroy", "This topology");
  }

  /** Compiles a program, as `Client.compile` does, that cannot run here. */
  compile(text: string, options: CompileOptions = {}): Executable {
    const compiled = this.api.call("PJRT_Compile", 64, this.#handle.address, ...compileArguments(text, options))[7];
    return new Executable(this.api, compiled, this.#belongings);
  }

  /** Disposes of it and of what it compiled. */
  dispose(): void {
    for (const belonging of [...this.#belongings]) belonging.dispose();
    this.#handle.dispose();
  }
}
