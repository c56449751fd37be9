/** @file What the CPU asks of ONNX Runtime, in whichever way it is reached. */
import type { LoadRequest } from "../runtime/protocol.js";
import type { TypedArray } from "../spec.js";

/** A model in ONNX's form: its bytes, its inputs and outputs, and whether ONNX Runtime should rewrite the graph. */
export type Model = Pick<LoadRequest, "code" | "inputs" | "outputs" | "optimise">;

/** A model that is loaded. */
export interface OnnxSession {
  /**
   * @param inputs - elements of every input, in order
   * @param outputs - where results are to be written; null where only the run tells their size
   * @returns all results, in order: the arrays of `outputs` where they were given
   */
  run(inputs: readonly TypedArray[], outputs: readonly (TypedArray | null)[]): Promise<TypedArray[]>;
  release(): Promise<void>;
}

/** How sessions compute. */
export interface SessionSettings {
  threads: number;
  /** Entries of a session's configuration, by ONNX Runtime's own keys. */
  config: Readonly<Record<string, string>>;
}

export interface OnnxSessions {
  load(model: Model): Promise<OnnxSession>;
  /** Gives back everything, at the end of the thread. */
  close(): void;
}
