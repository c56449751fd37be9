/** @file ONNX models that others have made: what goes in and out of them, and how to run them. Their files are hostile until parsed. */
import { fromBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  TensorProto_DataLocation,
  TensorProto_DataType,
  type ValueInfoProto,
} from "onnx-buf";
import { UserError } from "../errors.js";
import type { TensorInfo } from "./runtime/protocol.js";
import { defaultRuntime, type Runtime } from "./runtime/runtime.js";
import type { TypedArray } from "./spec.js";

/** An input or output of a model. */
export interface ModelArray {
  name: string;
  /** As ONNX calls it, in lower case: float, float16, int64, …; `no array` for lists and the like. */
  type: string;
  /** Sizes, `undefined` where they are told only when the model runs; `undefined` altogether where not even their number is declared. */
  shape?: (number | undefined)[];
}

export interface ModelDescription {
  /** Those that have to be given. */
  inputs: ModelArray[];
  outputs: ModelArray[];
}

/** Protocol buffers end here. */
const LARGEST_MODEL = 2 ** 31 - 1;

/**
 * What a model takes and gives.
 *
 * @param where - the file's name, for messages
 * @throws UserError when it is no model, or wants to read other files
 */
export function describeModel(bytes: Uint8Array, where: string): ModelDescription {
  const refuse = (problem: string): never => {
    throw new UserError("unsupported-format", `Expected an ONNX model in ${where}, but ${problem}.`);
  };
  if (bytes.length > LARGEST_MODEL) refuse(`it has ${bytes.length} bytes, and models have at most 2 GB`);
  const { graph, functions } = parse(bytes) ?? refuse("its bytes are none");
  if (!graph || graph.output.length === 0) return refuse("it computes nothing");
  if (refersElsewhere(graph) || functions.some(({ node }) => node.some(nodeRefersElsewhere)))
    refuse("its weights are in other files, which are not read; save it as one file");
  const weights = new Set([
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name),
  ]);
  return {
    inputs: graph.input.filter(({ name }) => !weights.has(name)).map(describe),
    outputs: graph.output.map(describe),
  };
}

function parse(bytes: Uint8Array): ModelProto | undefined {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch {
    return undefined;
  }
}

function describe({ name, type }: ValueInfoProto): ModelArray {
  if (type?.value.case !== "tensorType") return { name, type: "no array" };
  const { elemType, shape } = type.value.value;
  const sizes = shape?.dim.map(({ value }) => (value.case === "dimValue" ? Number(value.value) : undefined));
  return { name, type: TensorProto_DataType[elemType]?.toLowerCase() ?? "unknown", shape: sizes };
}

/** Whether a graph, or one inside of it, has arrays that lie in other files. */
const refersElsewhere = ({ initializer, sparseInitializer, node }: GraphProto): boolean =>
  initializer.some(isElsewhere) ||
  sparseInitializer.some(({ values, indices }) => [values, indices].some(isElsewhere)) ||
  node.some(nodeRefersElsewhere);

const isElsewhere = (tensor: GraphProto["initializer"][number] | undefined): boolean =>
  tensor !== undefined && (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL || tensor.externalData.length > 0);

const nodeRefersElsewhere = ({ attribute }: NodeProto): boolean => attribute.some(attributeRefersElsewhere);

const attributeRefersElsewhere = ({ t, tensors, g, graphs, sparseTensor, sparseTensors }: AttributeProto): boolean =>
  [t, ...tensors].some(isElsewhere) ||
  [sparseTensor, ...sparseTensors].some((sparse) => isElsewhere(sparse?.values) || isElsewhere(sparse?.indices)) ||
  [g, ...graphs].some((graph) => graph !== undefined && refersElsewhere(graph));

/** A model that is ready to run. */
export interface LoadedModel {
  /** Elements of the outputs asked for, in their order. */
  run(...inputs: TypedArray[]): Promise<TypedArray[]>;
  dispose(): Promise<void>;
}

/** A size that is told when the model runs. */
export const OPEN = -1;

/**
 * Loads a model for inputs of given shapes.
 *
 * @param where - the file's name, for messages
 * @param runtime - where the CPU takes the place of XLA, which reads no ONNX
 * @param arrays - all inputs that `describeModel` names, with their sizes, and some of the outputs, whose sizes may be `OPEN`
 * @throws UserError when ONNX Runtime cannot run it
 */
export async function loadModel(
  model: Uint8Array,
  where: string,
  arrays: { inputs: TensorInfo[]; outputs: TensorInfo[] },
  runtime: Runtime,
): Promise<LoadedModel> {
  const keep = arrays.outputs.map(() => null);
  const host = runtime.traits.runsOnnx ? runtime : defaultRuntime();
  const { number: program } = await host
    .load({ code: model, ...arrays, keep: keep.map(() => false), optimise: true })
    .catch((error: Error) => {
      throw new UserError(
        "unsupported-format",
        `Expected a model that ONNX Runtime can run in ${where}: ${error.message}`,
      );
    });
  return {
    run: async (...inputs) =>
      (await host.request({ kind: "run", program, inputs, keep }).catch((error: Error) => {
        throw new UserError("unsupported-format", `ONNX Runtime cannot run ${where}: ${error.message}`);
      })) as TypedArray[],
    dispose: () => host.unload(program),
  };
}
