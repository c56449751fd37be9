/** @file A session of ONNX Runtime as a program of a device. */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { TypedArray } from "../spec.js";
import type { DeviceProgram } from "./device.js";
import type { LoadRequest } from "./protocol.js";
import { tensorOf } from "./tensor.js";

/** @param run - gives all outputs of the session, in their order */
export function onnxProgram(
  session: InferenceSession,
  { inputs: infos, keep }: LoadRequest,
  run: (feeds: Record<string, Tensor>) => Promise<Tensor[]>,
): DeviceProgram<Tensor> {
  return {
    run: async (inputs) => {
      const tensors = inputs.map((input, index) =>
        "array" in input ? input.array : tensorOf(infos[index], input.elements),
      );
      const results = await run(Object.fromEntries(infos.map(({ name }, index) => [name, tensors[index]])));
      return results.map((result, index) =>
        keep[index] ? { array: result } : { elements: result.data as TypedArray },
      );
    },
    release: () => session.release(),
  };
}
