/** @file How many channels the blocked convolutions of this machine take together: found by trying. */

import { codeHash } from "../../version.js";
import { cachedAsync } from "../disk-cache.js";
import { loweredProgram } from "../lowered-program.js";
import type { Runtime } from "../runtime/runtime.js";
import { sizeOf } from "../spec.js";

/** AVX-512 has 16, AVX2 has 8; other machines have another size or none. */
const CANDIDATES = [16, 8];

const known = new WeakMap<Runtime, Promise<number>>();

/** The largest block with which a small convolution comes out right on this runtime; 0 if none does, as on any device but the CPU. */
export function blockSize(runtime: Runtime): Promise<number> {
  const found = known.get(runtime) ?? probe(runtime);
  known.set(runtime, found);
  return found;
}

async function probe(runtime: Runtime): Promise<number> {
  if (runtime.device !== "cpu") return 0;
  const expected = await convolve(runtime, 0);
  for (const block of CANDIDATES) {
    try {
      const result = await convolve(runtime, block);
      if (result.every((value, index) => Math.abs(value - expected[index]) < 1e-4)) return block;
    } catch {
      if (runtime.closed) return 0;
    }
  }
  return 0;
}

async function convolve(runtime: Runtime, block: number): Promise<Float32Array> {
  // The program is kept on disk, not the answer, which depends on the machine.
  const { code, inputs, outputs } = await cachedAsync(
    JSON.stringify(["small convolution", codeHash(), block]),
    loweredProgram,
    async () => ({ ...(await import("./small-convolution.js")).smallConvolution(block), returned: [] }),
  );
  const { number: program } = await runtime.load({ code, inputs, outputs, keep: [false], optimise: false });
  const elements = inputs.map(({ shape }) => Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i)));
  const [result] = (await runtime.request({ kind: "run", program, inputs: elements, keep: [null] })) as [Float32Array];
  await runtime.request({ kind: "unload", program });
  return result;
}
