/** @file Sessions through ONNX Runtime's JavaScript binding: for machines on which its library cannot be called directly. */
import { InferenceSession } from "onnxruntime-node";
import { tensorOf } from "../runtime/tensor.js";
import type { TypedArray } from "../spec.js";
import type { Model, OnnxSession, OnnxSessions, SessionSettings } from "./session.js";

export function openBindingSessions({ threads, config }: SessionSettings): OnnxSessions {
  const options = {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    enableMemPattern: false, // as in `c-sessions.ts`
    logSeverityLevel: 3,
    extra: config,
  } satisfies InferenceSession.SessionOptions;
  return {
    load: async (model) => {
      const graphOptimizationLevel = model.optimise ? "all" : "disabled";
      return sessionOf(await InferenceSession.create(model.code, { ...options, graphOptimizationLevel }), model);
    },
    close: () => {}, // the binding sees the thread end
  };
}

function sessionOf(session: InferenceSession, { inputs: taken, outputs: made }: Model): OnnxSession {
  return {
    run: async (inputs, outputs) => {
      const feeds = Object.fromEntries(taken.map((info, index) => [info.name, tensorOf(info, inputs[index])]));
      const places = made.map((info, index) => {
        const elements = outputs[index];
        return [info.name, elements && tensorOf(info, elements)];
      });
      const results = await session.run(feeds, Object.fromEntries(places));
      return made.map(({ name }, index) => outputs[index] ?? (results[name].data as TypedArray));
    },
    release: () => session.release(),
  };
}
