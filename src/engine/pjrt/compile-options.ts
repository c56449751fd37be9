/**
 * @file What the compiler is told beside the program: a `CompileOptionsProto` of protocol buffers
 * (`xla/pjrt/proto/compile_options.proto`), of which a few fields are needed.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Word } from "../native.js";
import { struct } from "./struct.js";

export interface CompileOptions {
  /** Devices that run the program side by side, each on inputs of its own; 1 by default. */
  replicas?: number;
  /** Devices over which XLA spreads one program; 1 by default. */
  partitions?: number;
  /** Let XLA partition the program by its sharding annotations. */
  spmd?: boolean;
  /** XLA's own options by name: `{ xla_backend_optimization_level: 0 }`. */
  overrides?: Readonly<Record<string, OverrideValue>>;
}

/**
 * The value of an option of XLA's. A whole number is an integer, another number a float; `{ float: 1 }` is a whole
 * float.
 */
type OverrideValue = string | boolean | number | { readonly float: number };

/** The bytes of a `CompileOptionsProto`. */
export function compileOptionsProto({
  replicas = 1,
  partitions = 1,
  spmd = false,
  overrides = {},
}: CompileOptions): Uint8Array<ArrayBuffer> {
  const build = new BinaryWriter() // ExecutableBuildOptionsProto
    .tag(4, WireType.Varint)
    .int64(replicas)
    .tag(5, WireType.Varint)
    .int64(partitions);
  if (spmd) build.tag(6, WireType.Varint).bool(true);
  const options = new BinaryWriter().tag(3, WireType.LengthDelimited).bytes(build.finish());
  for (const [name, value] of Object.entries(overrides)) {
    const entry = new BinaryWriter() // of a map
      .tag(1, WireType.LengthDelimited)
      .string(name)
      .tag(2, WireType.LengthDelimited)
      .bytes(override(value));
    options.tag(7, WireType.LengthDelimited).bytes(entry.finish());
  }
  return options.finish();
}

/** The bytes of an `OptionOverrideProto`. */
function override(value: OverrideValue): Uint8Array {
  const writer = new BinaryWriter();
  if (typeof value === "string") writer.tag(1, WireType.LengthDelimited).string(value);
  else if (typeof value === "boolean") writer.tag(2, WireType.Varint).bool(value);
  else if (typeof value === "object") writer.tag(4, WireType.Bit64).double(value.float);
  else if (Number.isInteger(value)) writer.tag(3, WireType.Varint).int64(value);
  else writer.tag(4, WireType.Bit64).double(value);
  return writer.finish();
}

/**
 * What both ways to compile are given: a `PJRT_Program`, and the options with their length.
 *
 * @param text - StableHLO, whose function `main` is the program
 */
export function compileArguments(text: string, options: CompileOptions): Word[] {
  const code = new TextEncoder().encode(`${text}\0`); // the parser knows the end by the 0, which does not count
  const format = new TextEncoder().encode("mlir");
  const proto = compileOptionsProto(options);
  return [struct(48, code, code.length - 1, format, format.length), proto, proto.length];
}
