/** @file What an ONNX file holds, for people. The file is hostile until parsed, and nothing of it is run. */
import { readFile } from "node:fs/promises";
import { fromBinary } from "@bufbuild/protobuf";
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProto_DataType,
  type ValueInfoProto,
} from "onnx-buf";
import { type ErrorCode, UserError } from "../../errors.js";
import { openBytes } from "../../io/archives/byte-source.js";
import { type Flaws, flawsOf } from "../../io/tensors/flaws.js";
import { type ElementType, elementBytes, elementCount, tensorFromBytes } from "../../io/tensors/tensor.js";

interface DescribedValue {
  name: string;
  /** As ONNX calls it, in lower case. */
  type: string;
  /** Sizes, or their names where they are open. */
  shape: (number | string)[];
}

export interface OnnxDescription {
  file: string;
  format: "ONNX";
  /** Version of the format. */
  irVersion: number;
  /** Versions of the sets of operators, by domain; ONNX's own is "ai.onnx". */
  opsets: Record<string, number>;
  producer: string;
  inputs: DescribedValue[];
  outputs: DescribedValue[];
  /** Arrays in the file. */
  initializers: { name: string; dtype: string; shape: number[]; flaws?: Flaws; elsewhere?: true }[];
  /** Numbers in all of them. */
  elements: number;
  nodes: number;
  /** How often each operator occurs in the graph itself, most often first. */
  operators: Record<string, number>;
}

/** Protocol buffers end here. */
const LARGEST_MODEL = 2 ** 31 - 1;

/** Types of elements whose values are looked at. */
const READ = new Map<TensorProto_DataType, ElementType>([
  [TensorProto_DataType.FLOAT, "float32"],
  [TensorProto_DataType.DOUBLE, "float64"],
  [TensorProto_DataType.FLOAT16, "float16"],
  [TensorProto_DataType.BFLOAT16, "bfloat16"],
]);

/**
 * Describes an ONNX file.
 *
 * @throws UserError when it is none
 */
export async function describeOnnxFile(path: string): Promise<OnnxDescription> {
  const refuse = (problem: string, code: ErrorCode = "unsupported-format"): never => {
    throw new UserError(code, `Expected an ONNX model in ${path}, but ${problem}.`);
  };
  await using source = await openBytes(path, refuse);
  if (source.size > LARGEST_MODEL) refuse(`it has ${source.size} bytes, and models have at most 2 GB`);
  const model = parse(await readFile(path));
  const { graph } = model ?? {};
  if (!model || !graph || graph.output.length === 0) return refuse("its bytes are none");
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const initializers = graph.initializer.map(describeInitializer);
  return {
    file: path,
    format: "ONNX",
    irVersion: Number(model.irVersion),
    opsets: Object.fromEntries(model.opsetImport.map(({ domain, version }) => [domain || "ai.onnx", Number(version)])),
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(" "),
    inputs: graph.input.filter(({ name }) => !weights.has(name)).map(describeValue),
    outputs: graph.output.map(describeValue),
    initializers,
    elements: initializers.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    nodes: graph.node.length,
    operators: countOperators(graph),
  };
}

function parse(bytes: Uint8Array): ModelProto | undefined {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch {
    return undefined;
  }
}

const typeName = (type: number): string => TensorProto_DataType[type]?.toLowerCase() ?? "unknown";

function describeValue({ name, type }: ValueInfoProto): DescribedValue {
  if (type?.value.case !== "tensorType") return { name, type: "no array", shape: [] };
  const { elemType, shape } = type.value.value;
  const sizes = (shape?.dim ?? []).map(({ value }) =>
    value.case === "dimValue" ? Number(value.value) : value.case === "dimParam" ? value.value : "?",
  );
  return { name, type: typeName(elemType), shape: sizes };
}

function describeInitializer(tensor: TensorProto): OnnxDescription["initializers"][number] {
  const { name, dataType, dims } = tensor;
  const isElsewhere = tensor.dataLocation === TensorProto_DataLocation.EXTERNAL || tensor.externalData.length > 0;
  const flaws = flawsIn(tensor);
  return {
    ...{ name, dtype: typeName(dataType), shape: dims.map(Number) },
    ...(flaws && { flaws }),
    ...(isElsewhere && { elsewhere: true as const }),
  };
}

function flawsIn({ dataType, rawData, floatData, doubleData }: TensorProto): Flaws | undefined {
  if (floatData.length > 0) return flawsOf({ dtype: "float32", data: Float32Array.from(floatData) });
  if (doubleData.length > 0) return flawsOf({ dtype: "float64", data: Float64Array.from(doubleData) });
  const type = READ.get(dataType);
  if (!type || rawData.length % elementBytes(type) !== 0) return undefined;
  return flawsOf(tensorFromBytes(type, [], rawData as Uint8Array<ArrayBuffer>));
}

function countOperators({ node }: GraphProto): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { opType, domain } of node) {
    const name = domain ? `${domain}.${opType}` : opType;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}
