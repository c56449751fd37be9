/**
 * @file Compiling for H200 GPUs that are not here: their description, and stand-ins for what XLA takes from NVIDIA's toolkit. What
 * is compiled has passed all of XLA's passes for GPUs but for the assembler, and cannot run.
 */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { loadPlugin } from "../../src/engine/pjrt/api.js";
import type { Executable, ProgramMemory } from "../../src/engine/pjrt/executable.js";
import { Topology } from "../../src/engine/pjrt/topology.js";

/** What XLA asks a GPU, a `GpuTargetConfigProto` (figures of NVIDIA's data sheet and CUDA's device queries). */
const H200 = `
gpu_device_info {
  name: "NVIDIA H200" device_vendor: "NVIDIA Corporation" platform_version: "Compute Capability 9.0a"
  cuda_compute_capability { major: 9 feature_extension: ACCELERATED_FEATURES }
  driver_version: "13.0.0" runtime_version: "12.8.0" compile_time_toolkit_version: "12.8.0" dnn_version: "9.10.0"
  core_count: 132 fpus_per_core: 128 clock_rate_ghz: 1.98
  device_memory_size: 151397597184 memory_bandwidth: 4800000000000 l2_cache_size: 52428800 device_address_bits: 64
  threads_per_warp: 32 threads_per_block_limit: 1024 threads_per_core_limit: 2048
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
  shared_memory_per_core: 233472 shared_memory_per_block: 49152 shared_memory_per_block_optin: 232448
  thread_dim_limit_x: 1024 thread_dim_limit_y: 1024 thread_dim_limit_z: 64
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
}
platform_name: "CUDA"
dnn_version_info { major: 9 minor: 10 patch: 0 }
device_description_str: "NVIDIA H200"
`;

/** In place of NVIDIA's assembler and linker: tells a version, and writes a file with nothing in it. */
const ASSEMBLER = `#!/bin/sh
case "$*" in *--version*) echo "Cuda compilation tools, release 12.9, V12.9.86" ;; esac
while [ $# -gt 0 ]; do
  case "$1" in
    -o) echo stand-in > "$2" ;;
    --output-file=*) echo stand-in > "\${1#*=}" ;;
  esac
  shift
done
`;

/** In place of NVIDIA's library of functions: a module without any, as text, which LLVM reads too. */
const FUNCTIONS = 'target triple = "nvptx64-nvidia-cuda"\n';

/** What XLA made of a program. */
export interface Compiled {
  memory: ProgramMemory;
  /** Convolutions left to cuDNN. */
  convolutions: number;
  /** Those among them that give bfloat16. */
  narrowConvolutions: number;
  /** Sums over devices. */
  allReduces: number;
}

/**
 * Compiles a program of StableHLO.
 *
 * @param plugin - path of XLA's plugin for CUDA
 * @param devices - GPUs that run it together, as partitions
 */
export function compileForH200(plugin: string, program: string, devices: number): Compiled {
  const toolkit = mkdtempSync(join(tmpdir(), "strata-cuda-"));
  try {
    for (const folder of ["bin", "nvvm/libdevice"]) mkdirSync(join(toolkit, folder), { recursive: true });
    writeFileSync(join(toolkit, "nvvm/libdevice/libdevice.10.bc"), FUNCTIONS);
    for (const name of ["ptxas", "nvlink", "fatbinary"]) {
      writeFileSync(join(toolkit, "bin", name), ASSEMBLER);
      chmodSync(join(toolkit, "bin", name), 0o755);
    }
    const topology = new Topology(loadPlugin(plugin), "", { target_config: H200, topology: `1x1x${devices}` });
    const executable = topology.compile(program, {
      partitions: devices,
      spmd: devices > 1,
      overrides: { xla_gpu_cuda_data_dir: toolkit, xla_gpu_autotune_level: 0 }, // to tune takes a GPU
    });
    return { memory: executable.memory, ...countsOf(executable) };
  } finally {
    rmSync(toolkit, { recursive: true });
  }
}

function countsOf(executable: Executable): Pick<Compiled, "convolutions" | "narrowConvolutions" | "allReduces"> {
  const { format, code } = executable.optimized();
  const module = format === "hlo_with_config" ? messages(code, 1)[0] : code;
  const instructions = messages(module, 3).flatMap((computation) => messages(computation, 2));
  const opcodes = instructions.map((instruction) => text(messages(instruction, 2)[0]));
  const convolutions = instructions.filter((instruction) =>
    messages(instruction, 28).some((target) => text(target).startsWith("__cudnn$conv")),
  );
  return {
    convolutions: convolutions.length,
    narrowConvolutions: convolutions.filter(givesBfloat16).length,
    allReduces: opcodes.filter((opcode) => opcode === "all-reduce" || opcode === "all-reduce-start").length,
  };
}

/** `BF16` of XLA's `PrimitiveType`. */
const BFLOAT16 = 16;

/** Whether the first array of an instruction's result, a tuple, is of bfloat16. */
function givesBfloat16(instruction: Uint8Array): boolean {
  const [first] = messages(messages(instruction, 3)[0], 4);
  const reader = new BinaryReader(first);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 2) return reader.int32() === BFLOAT16;
    reader.skip(type, field);
  }
  return false;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** The values of a field that holds bytes, text or messages, of a message of protocol buffers. */
function messages(message: Uint8Array, wanted: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted) found.push(reader.bytes());
    else reader.skip(type, field);
  }
  return found;
}
