/**
 * @file What the pickles of PyTorch checkpoints may ask for: ordered dictionaries, and tensors as strided views of storages
 * that lie outside of the pickle (`torch/_utils.py`, `torch/serialization.py`). Tensors are described and checked here, and
 * made once the storages are at hand.
 */
import { type PickleFunction, type PickleGlobals, plainGlobals } from "./pickle.js";
import { shown } from "./pickle-text.js";
import { type ElementType, elementBytes, elementCount } from "./tensor.js";

type Refuse = (problem: string) => never;

const MOST_DIMENSIONS = 64; // PyTorch's own limit

/** Elements of one type, kept in the file under a name. */
export class TorchStorage {
  constructor(
    readonly name: string,
    readonly type: ElementType,
    /** Elements. */
    readonly count: number,
  ) {}

  get bytes(): number {
    return this.count * elementBytes(this.type);
  }
}

/** A tensor as a pickle describes it: every index of it is in its storage. */
export class TorchView {
  constructor(
    readonly storage: TorchStorage,
    /** Elements before its first one. */
    readonly offset: number,
    readonly shape: number[],
    /** Elements from one index to the next, along every axis. */
    readonly strides: number[],
  ) {}

  /** Elements. */
  get count(): number {
    return elementCount(this.shape);
  }

  /** Whether its elements lie next to one another, in row-major order. */
  get isContiguous(): boolean {
    const { shape, strides } = this;
    let expected = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (shape[axis] !== 1 && strides[axis] !== expected) return this.count === 0;
      expected *= shape[axis];
    }
    return true;
  }
}

/** PyTorch's types of storages, without the module. */
const storageTypes = new Map<string, ElementType>([
  ["FloatStorage", "float32"],
  ["DoubleStorage", "float64"],
  ["HalfStorage", "float16"],
  ["BFloat16Storage", "bfloat16"],
  ["LongStorage", "int64"],
  ["IntStorage", "int32"],
  ["ByteStorage", "uint8"],
  ["BoolStorage", "bool"],
]);

/** A type that is named in a reference to a storage; it cannot be called. */
class StorageType {
  constructor(readonly type: ElementType) {}
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const areSizes = (value: unknown): value is number[] => Array.isArray(value) && value.every(isSize);

/** (storage, offset, shape, strides, whether it has a gradient, hooks). */
const rebuildTensor: PickleFunction = ([storage, offset, shape, strides], refuse) => {
  if (!(storage instanceof TorchStorage)) return refuse("a tensor has no storage");
  const described = isSize(offset) && areSizes(shape) && areSizes(strides) && shape.length === strides.length;
  if (!described) return refuse(`a tensor in storage ${shown(storage.name)} has no offset, shape or strides`);
  if (shape.length > MOST_DIMENSIONS) refuse(`a tensor has ${shape.length} dimensions`);
  const view = new TorchView(storage, offset, [...shape], [...strides]);
  const end =
    view.count === 0 ? offset : shape.reduce((last, size, axis) => last + (size - 1) * strides[axis], offset) + 1;
  if (!Number.isSafeInteger(view.count) || !(end <= storage.count)) {
    return refuse(
      `a tensor of shape [${shape}], strides [${strides}] and offset ${offset} reaches beyond its storage ` +
        `${shown(storage.name)} of ${storage.count} elements`,
    );
  }
  return view;
};

/** (tensor, whether it has a gradient, hooks): a parameter is a tensor to us. */
const rebuildParameter: PickleFunction = ([view], refuse) =>
  view instanceof TorchView ? view : refuse("a parameter is no tensor");

/** What checkpoints may ask for, and nothing else. */
export const torchGlobals: PickleGlobals = new Map<string, unknown>([
  ...plainGlobals,
  ["torch._utils _rebuild_tensor_v2", rebuildTensor],
  ["torch._utils _rebuild_parameter", rebuildParameter],
  ...[...storageTypes].map(([name, type]) => [`torch ${name}`, new StorageType(type)] as const),
]);

/**
 * The storage that a pickle refers to: ("storage", type, name, device, elements), and a sixth where the file is an old one,
 * which is None unless the storage is a part of another.
 */
export function storageOf(reference: unknown, refuse: Refuse): TorchStorage {
  const [kind, type, name, , count, part = null] = Array.isArray(reference) ? reference : [];
  if (kind !== "storage" || !(type instanceof StorageType) || typeof name !== "string" || !isSize(count)) {
    return refuse("it refers to data outside of itself that are no storage");
  }
  if (part !== null) refuse(`its storage ${shown(name)} is a part of another, as PyTorch before 1.0 wrote them`);
  return new TorchStorage(name, type.type, count);
}
