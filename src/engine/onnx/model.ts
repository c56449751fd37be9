/** @file Writes ONNX models: nodes and initialisers by name, equal ones once. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
  type TensorShapeProto_Dimension,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { allocate, type DType, type Spec } from "../spec.js";

/** A number is an integer attribute; floats are `{ float: x }`. */
export type Attribute = number | string | readonly number[] | { float: number };

/** Arrays of bfloat16 enter and leave as their bits. */
const elementTypes: Record<DType | "int64", TensorProto_DataType> = {
  float32: TensorProto_DataType.FLOAT,
  float64: TensorProto_DataType.DOUBLE,
  int32: TensorProto_DataType.INT32,
  int64: TensorProto_DataType.INT64,
  bool: TensorProto_DataType.BOOL,
  bfloat16: TensorProto_DataType.UINT16,
};

export const elementType = (dtype: DType | "int64"): number => elementTypes[dtype];

const OPSET = 20n;
/** The first with `BitCast`. */
const BITS_OPSET = 26n;
const IR_VERSION = 10n;

export class ModelBuilder {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];
  readonly #known = new Map<string, string[]>();
  /** Names of what nodes compute. */
  readonly #computed = new Set<string>();
  #names = 0;

  fresh(): string {
    return `v${this.#names++}`;
  }

  input(name: string, { shape, dtype }: Spec): void {
    this.#inputs.push(valueInfo(name, this.dimensions(shape), dtype));
  }

  /** Makes an array an output and returns its name: the one asked for, or the array's own, unless that is taken or is no node's. */
  output(value: string, { shape, dtype }: Spec, asked?: string): string {
    const own = asked === undefined && this.#computed.has(value) && !this.#outputs.some(({ name }) => name === value);
    const name = own ? value : (asked ?? this.fresh());
    if (!own) this.#nodes.push(create(NodeProtoSchema, { opType: "Identity", input: [value], output: [name], name }));
    this.#outputs.push(valueInfo(name, this.dimensions(shape), dtype));
    return name;
  }

  /** The sizes of an input or output as they are declared. */
  protected dimensions(shape: readonly number[]): TensorShapeProto_Dimension[] {
    return shape.map((size) => dimension({ case: "dimValue", value: BigInt(size) }));
  }

  /** An initialiser with these elements. */
  initializer(data: ArrayBufferView, shape: readonly number[], dtype: DType | "int64"): string {
    const name = this.fresh();
    const rawData = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    const dims = shape.map((size) => BigInt(size));
    this.#initializers.push(create(TensorProtoSchema, { name, dims, dataType: elementTypes[dtype], rawData }));
    return name;
  }

  /** A list of integers, as shapes, axes and paddings are given. */
  integers(values: readonly number[]): string {
    return this.#once(`int64 ${values}`, () => [
      this.initializer(
        BigInt64Array.from(values, (value) => BigInt(value)),
        [values.length],
        "int64",
      ),
    ])[0];
  }

  /** The shape that a `Reshape` leads to. */
  targetShape(shape: readonly number[]): string {
    return this.integers(shape);
  }

  /** A scalar. */
  scalar(value: number, dtype: DType): string {
    const key = `${dtype} ${Object.is(value, -0) ? "-0" : value}`;
    const element = allocate(dtype, 1);
    element[0] = value;
    return this.#once(key, () => [this.initializer(element, [], dtype)])[0];
  }

  /** The results of a node, written unless an equal one already is. An empty input name leaves that input out. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    { outputs = 1, domain = "" } = {},
  ): string[] {
    return this.#once(`${domain}.${opType} ${inputs} ${JSON.stringify(attributes)} ${outputs}`, () => {
      const names = Array.from({ length: outputs }, () => this.fresh());
      for (const name of names) this.#computed.add(name);
      const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
      const name = `${opType}_${names[0]}`;
      this.#nodes.push(create(NodeProtoSchema, { opType, domain, name, input: [...inputs], output: names, attribute }));
      return names;
    });
  }

  /**
   * The model in ONNX's binary form, its nodes in reverse: ONNX Runtime runs what the last of the final nodes needs, the
   * operands of each node from the last to the first. Read backwards, a list of nodes is run nearly in its order, each no
   * earlier than something needs it, which is what keeps memory low.
   */
  encode(): Uint8Array {
    const graph = this.graph();
    const domains = new Set(graph.node.map(({ domain }) => domain).filter((domain) => domain !== ""));
    const version = graph.node.some(({ opType }) => opType === "BitCast") ? BITS_OPSET : OPSET;
    const opsetImport = [create(OperatorSetIdProtoSchema, { domain: "", version })];
    for (const domain of domains) opsetImport.push(create(OperatorSetIdProtoSchema, { domain, version: 1n }));
    const model = create(ModelProtoSchema, { irVersion: IR_VERSION, producerName: "strata", opsetImport, graph });
    return toBinary(ModelProtoSchema, model);
  }

  /** What has been written, without what nothing needs, its nodes in reverse. */
  protected graph(): GraphProto {
    const needed = new Set(this.#outputs.map(({ name }) => name));
    const node = this.#nodes.toReversed().filter(({ input, output }) => {
      const live = output.some((name) => needed.has(name));
      if (live) for (const name of input) needed.add(name);
      return live;
    });
    return create(GraphProtoSchema, {
      name: "strata",
      node,
      initializer: this.#initializers.filter(({ name }) => needed.has(name)),
      input: this.#inputs,
      output: this.#outputs,
    });
  }

  #once(key: string, write: () => string[]): string[] {
    const known = this.#known.get(key) ?? write();
    this.#known.set(key, known);
    return known;
  }
}

/** A declared size: a number, or the name of one that is known at run time. */
export const dimension = (value: TensorShapeProto_Dimension["value"]): TensorShapeProto_Dimension =>
  create(TensorShapeProto_DimensionSchema, { value });

function valueInfo(name: string, dim: TensorShapeProto_Dimension[], dtype: DType): ValueInfoProto {
  const tensorType = create(TypeProto_TensorSchema, {
    elemType: elementTypes[dtype],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value: tensorType } });
  return create(ValueInfoProtoSchema, { name, type });
}

function attributeProto(name: string, value: Attribute) {
  const { INT, INTS, FLOAT, STRING } = AttributeProto_AttributeType;
  if (typeof value === "number") return create(AttributeProtoSchema, { name, type: INT, i: BigInt(value) });
  if (typeof value === "string") {
    return create(AttributeProtoSchema, { name, type: STRING, s: new TextEncoder().encode(value) });
  }
  if ("float" in value) return create(AttributeProtoSchema, { name, type: FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: INTS, ints: value.map((integer) => BigInt(integer)) });
}
