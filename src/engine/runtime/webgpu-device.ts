/** @file A graphics processor through ONNX Runtime's WebGPU provider: arrays are buffers on it, and stay there between runs. */
import { InferenceSession, type Tensor } from "onnxruntime-node";
import { ModelBuilder } from "../onnx/model.js";
import { type DType, type Spec, spec, type TypedArray } from "../spec.js";
import type { Device } from "./device.js";
import { tensorOf } from "./tensor.js";

type Location = "gpu-buffer" | "cpu";

const options = {
  executionProviders: [{ name: "webgpu", preferredLayout: "NCHW" }],
  logSeverityLevel: 3,
} satisfies InferenceSession.SessionOptions;

export function webGpuDevice(): Device<Tensor> {
  const copiers = new Map<string, Promise<InferenceSession>>();
  /**
   * The array's copy in a place. Elements cannot be had of a tensor on the device itself (`getData` ends the process in
   * ONNX Runtime 1.30), but a program may leave its result on either side.
   */
  const copy = async (array: Tensor, to: Location): Promise<Tensor> => {
    const from = spec(array.dims, array.type as DType);
    const key = `${from} ${to}`;
    const copier = copiers.get(key) ?? createCopier(from, to);
    copiers.set(key, copier);
    const session = await copier;
    const results = await session.run({ [session.inputNames[0]]: array });
    return results[session.outputNames[0]];
  };
  return {
    load: async ({ code, optimise, inputs: taken, outputs, keep }) => {
      const session = await InferenceSession.create(code, {
        ...options,
        graphOptimizationLevel: optimise ? "all" : "disabled",
        preferredOutputLocation: Object.fromEntries(
          outputs.map(({ name }, index): [string, Location] => [name, keep[index] ? "gpu-buffer" : "cpu"]),
        ),
      });
      return {
        run: async (operands) => {
          const tensors = operands.map((operand, index): [string, Tensor] => [
            taken[index].name,
            "array" in operand ? operand.array : tensorOf(taken[index], operand.elements),
          ]);
          const results = await session.run(Object.fromEntries(tensors));
          return outputs.map(({ name }, index) =>
            keep[index] ? { array: results[name] } : { elements: results[name].data as TypedArray },
          );
        },
        release: () => session.release(),
      };
    },
    upload: async (info, data) => copy(tensorOf(info, data), "gpu-buffer"),
    download: async (array) => (await copy(array, "cpu")).data as TypedArray,
    free: (array) => array.dispose(),
  };
}

/** A program that copies an array. */
function createCopier(array: Spec, to: Location): Promise<InferenceSession> {
  const model = new ModelBuilder();
  model.input("from", array);
  model.output("from", array);
  return InferenceSession.create(model.encode(), {
    ...options,
    graphOptimizationLevel: "disabled",
    preferredOutputLocation: to,
  });
}
