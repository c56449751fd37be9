/** @file StableHLO as a language to lower to. */
import type { Atom } from "../graph/graph.js";
import type { TensorInfo } from "../runtime/protocol.js";
import type { Target } from "../target.js";
import type { Precision } from "./function-body.js";
import { lowerToStableHlo } from "./lower.js";
import { stableHloPasses } from "./passes.js";
import { isDivided } from "./sharding.js";

/**
 * @param precision - of products, or of activations as a whole
 * @param devices - that run every program together
 */
export const stableHloTarget = (precision: Precision, devices: number): Target => ({
  key: `stablehlo ${precision} ${devices}`,
  passes: (rematerialised) => stableHloPasses(rematerialised, precision),
  lower: async (graph, { donated, divided }) => {
    const division = { devices, divided };
    const text = lowerToStableHlo(graph, { precision, aliases: donated, ...division });
    const info = (name: string, { dtype, shape }: Atom): TensorInfo => ({ name, dtype, shape: [...shape] });
    return {
      code: new TextEncoder().encode(text),
      inputs: graph.inputs.map((input, index) => ({
        ...info(`in${index}`, input),
        divided: devices > 1 && isDivided(index, input.shape, division),
      })),
      outputs: graph.outputs.map((output, index) => info(`out${index}`, output)),
    };
  },
});
