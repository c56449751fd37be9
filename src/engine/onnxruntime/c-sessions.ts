/**
 * @file Sessions through the C interface: results are written where they are wanted. The JavaScript binding copies every
 * result into a new array: of a training step that is all gradients, once more in memory.
 */
import { type Address, addressOf, bytesAt } from "../native.js";
import type { TensorInfo } from "../runtime/protocol.js";
import { allocate, type DType, type TypedArray } from "../spec.js";
import { loadApi, type OnnxRuntimeApi } from "./api.js";
import type { Model, OnnxSession, OnnxSessions, SessionSettings } from "./session.js";

/** `ONNXTensorElementDataType`; of bfloat16, programs take and give the bits. */
const TYPES: Readonly<Record<DType, number>> = { float32: 1, bfloat16: 4, int32: 6, bool: 9, float64: 11 };

const [NO_OPTIMISATION, ALL_OPTIMISATIONS] = [0, 99];
/** Of the log. */
const ERRORS = 3;
/** `OrtDeviceAllocator` and `OrtMemTypeDefault`: memory that the caller has allocated. */
const [DEVICE_ALLOCATOR, DEFAULT_MEMORY] = [0, 0];

/** Where arrays without elements lie: the library refuses null. */
const NOWHERE = new Uint8Array(8);

const text = (value: string): Uint8Array => new TextEncoder().encode(`${value}\0`);

/** @throws Error when the library cannot be used in this way */
export function openCSessions({ threads, config }: SessionSettings): OnnxSessions {
  const api = loadApi();
  const environment = api.made("CreateEnv", ERRORS, text("strata"));
  const memory = api.made("CreateCpuMemoryInfo", DEVICE_ALLOCATOR, DEFAULT_MEMORY);
  const open = new Set<OnnxSession>();

  function optionsFor(optimise: boolean): Address {
    const options = api.made("CreateSessionOptions");
    api.call("DisableMemPattern", options); // plans one buffer for a whole run, beside the arrays of the first: more memory, no less time
    api.call("SetSessionLogSeverityLevel", options, ERRORS);
    api.call("SetSessionGraphOptimizationLevel", options, optimise ? ALL_OPTIMISATIONS : NO_OPTIMISATION);
    api.call("SetIntraOpNumThreads", options, threads);
    api.call("SetInterOpNumThreads", options, 1);
    for (const [key, value] of Object.entries(config)) {
      api.call("AddSessionConfigEntry", options, text(key), text(value));
    }
    return options;
  }

  return {
    load: async (model) => {
      const options = optionsFor(model.optimise);
      try {
        const { code } = model;
        const address = api.made("CreateSessionFromArray", environment, code, code.byteLength, options);
        const session = new CSession(api, memory, address, model, () => open.delete(session));
        open.add(session);
        return session;
      } finally {
        api.release("ReleaseSessionOptions", options);
      }
    },
    close: () => {
      for (const session of open) session.release();
      api.release("ReleaseMemoryInfo", memory);
      api.release("ReleaseEnv", environment);
    },
  };
}

class CSession implements OnnxSession {
  readonly #inputs: NameTable;
  readonly #outputs: NameTable;

  constructor(
    private readonly api: OnnxRuntimeApi,
    private readonly memory: Address,
    private readonly address: Address,
    private readonly model: Model,
    private readonly onRelease: () => void,
  ) {
    this.#inputs = new NameTable(model.inputs);
    this.#outputs = new NameTable(model.outputs);
  }

  async run(inputs: readonly TypedArray[], outputs: readonly (TypedArray | null)[]): Promise<TypedArray[]> {
    const given: Address[] = [];
    const results = new BigUint64Array(outputs.length);
    try {
      for (const [index, elements] of inputs.entries()) given.push(this.#value(this.model.inputs[index], elements));
      for (const [index, elements] of outputs.entries()) {
        if (elements) results[index] = this.#value(this.model.outputs[index], elements);
      }
      const { addresses: names } = this.#inputs;
      const values = BigUint64Array.from(given);
      const { addresses: wanted } = this.#outputs;
      this.api.call("Run", this.address, 0, names, values, values.length, wanted, results.length, results);
      return outputs.map((elements, index) => elements ?? this.#copy(results[index], this.model.outputs[index].dtype));
    } finally {
      for (const value of [...given, ...results]) if (value !== 0n) this.api.release("ReleaseValue", value);
    }
  }

  async release(): Promise<void> {
    this.onRelease();
    this.api.release("ReleaseSession", this.address);
  }

  /** A tensor over elements, which have to outlive it. */
  #value({ dtype, shape }: TensorInfo, elements: TypedArray): Address {
    const sizes = BigInt64Array.from(shape, BigInt);
    const place = elements.byteLength > 0 ? elements : NOWHERE;
    const words = [this.memory, place, elements.byteLength, sizes, sizes.length, TYPES[dtype]];
    return this.api.made("CreateTensorWithDataAsOrtValue", ...words);
  }

  /** A copy of the elements of a tensor that the library has made. */
  #copy(value: Address, dtype: DType): TypedArray {
    const info = this.api.made("GetTensorTypeAndShape", value);
    const size = Number(this.api.made("GetTensorShapeElementCount", info));
    this.api.release("ReleaseTensorTypeAndShapeInfo", info);
    const elements = allocate(dtype, size);
    const bytes = bytesAt(this.api.made("GetTensorMutableData", value), BigInt(elements.byteLength));
    new Uint8Array(elements.buffer).set(bytes);
    return elements;
  }
}

/** The addresses of names, which lie where they are as long as it lives. */
class NameTable {
  readonly #names: Uint8Array[];
  readonly addresses: BigUint64Array;

  constructor(arrays: readonly TensorInfo[]) {
    this.#names = arrays.map(({ name }) => text(name));
    this.addresses = BigUint64Array.from(this.#names, addressOf);
  }
}
