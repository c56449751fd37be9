/**
 * @file What the pickles of PyTorch checkpoints may ask for: ordered dictionaries, and tensors as strided views of storages
 * that lie outside of the pickle (`torch/_utils.py`, `torch/serialization.py`). Tensors are described and checked here, and
 * made once the storages are at hand.
 */
import { numpyGlobals } from "../python/array-pickle.js";
import type { PickleFunction, PickleGlobals } from "../python/pickle.js";
import { shown } from "../python/pickle-text.js";
import { PythonName } from "../python/python-objects.js";
import { type ElementType, elementBytes, elementCount } from "../tensors/tensor.js";

type Refuse = (problem: string) => never;

const MOST_DIMENSIONS = 64; // PyTorch's own limit

/** A type whose elements are not read here: its name, and the bytes of an element. */
export interface UnreadType {
  name: string;
  bytes: number;
}

/** Elements of one type, kept in the file under a name. */
export class TorchStorage {
  constructor(
    readonly name: string,
    readonly type: ElementType | UnreadType,
    /** Elements. */
    readonly count: number,
  ) {}

  get bytes(): number {
    return this.count * (typeof this.type === "string" ? elementBytes(this.type) : this.type.bytes);
  }
}

/** A tensor whose elements are not read here. */
export class UnreadTensor {
  constructor(
    /** What it is: "int16", "quantised", "sparse". */
    readonly kind: string,
    /** Undefined where it is not told. */
    readonly shape?: number[],
  ) {}
}

/** A tensor as a pickle describes it: every index of it is in its storage. */
export class TorchView {
  constructor(
    readonly storage: TorchStorage & { readonly type: ElementType },
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

/** Those whose elements are not read here. */
const unreadTypes = new Map<string, UnreadType>([
  ["CharStorage", { name: "int8", bytes: 1 }],
  ["ShortStorage", { name: "int16", bytes: 2 }],
  ["ComplexFloatStorage", { name: "complex64", bytes: 8 }],
  ["ComplexDoubleStorage", { name: "complex128", bytes: 16 }],
  ["QInt8Storage", { name: "qint8", bytes: 1 }],
  ["QUInt8Storage", { name: "quint8", bytes: 1 }],
  ["QInt32Storage", { name: "qint32", bytes: 4 }],
  ["QUInt4x2Storage", { name: "quint4x2", bytes: 1 }],
  ["QUInt2x4Storage", { name: "quint2x4", bytes: 1 }],
]);
/** Bytes of a type that the tensor itself tells. */
const UNTYPED: UnreadType = { name: "untyped", bytes: 1 };

/** A type that is named in a reference to a storage; it cannot be called. */
class StorageType {
  constructor(readonly type: ElementType | UnreadType) {}
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const areSizes = (value: unknown): value is number[] => Array.isArray(value) && value.every(isSize);

/** (storage, offset, shape, strides, whether it has a gradient, hooks). */
const rebuildTensor: PickleFunction = ([storage, offset, shape, strides], refuse) => {
  if (!(storage instanceof TorchStorage)) return refuse("a tensor has no storage");
  const described = isSize(offset) && areSizes(shape) && areSizes(strides) && shape.length === strides.length;
  if (!described) return refuse(`a tensor in storage ${shown(storage.name)} has no offset, shape or strides`);
  if (shape.length > MOST_DIMENSIONS) refuse(`a tensor has ${shape.length} dimensions`);
  if (!isRead(storage)) return new UnreadTensor((storage.type as UnreadType).name, [...shape]);
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

const isRead = (storage: TorchStorage): storage is TorchView["storage"] => typeof storage.type === "string";

/** (storage of bytes, offset, shape, strides, whether it has a gradient, hooks, type, …): types without a storage of their own. */
const rebuildTypedTensor: PickleFunction = ([storage, offset, shape, strides, , , dtype], refuse) => {
  if (!(storage instanceof TorchStorage) || !(dtype instanceof PythonName)) return refuse("a tensor has no type");
  const type = [...storageTypes.values()].find((name) => name === dtype.name);
  if (type === undefined) return new UnreadTensor(dtype.name, areSizes(shape) ? [...shape] : undefined);
  const count = storage.bytes / elementBytes(type);
  return rebuildTensor([new TorchStorage(storage.name, type, Math.floor(count)), offset, shape, strides], refuse);
};

/** (tensor, whether it has a gradient, hooks): a parameter is a tensor to us. */
const rebuildParameter: PickleFunction = ([view], refuse) =>
  view instanceof TorchView || view instanceof UnreadTensor ? view : refuse("a parameter is no tensor");

/** (function, class, its arguments, state): a tensor with attributes, or of a class of its own. */
const rebuildFromType: PickleFunction = ([rebuild, , given], refuse) =>
  (rebuild === rebuildTensor || rebuild === rebuildParameter || rebuild === rebuildTypedTensor) && Array.isArray(given)
    ? (rebuild as PickleFunction)(given, refuse)
    : new UnreadTensor("of a class of its own");

/** Tensors of other kinds, which are named and not read. */
const unread =
  (kind: string): PickleFunction =>
  ([, , shape]) =>
    new UnreadTensor(kind, areSizes(shape) ? [...shape] : undefined);

/** What checkpoints may ask for; other classes are held as objects. */
export const torchGlobals: PickleGlobals = new Map<string, unknown>([
  ...numpyGlobals,
  ["torch._utils _rebuild_tensor", rebuildTensor],
  ["torch._utils _rebuild_tensor_v2", rebuildTensor],
  ["torch._utils _rebuild_tensor_v3", rebuildTypedTensor],
  ["torch._utils _rebuild_parameter", rebuildParameter],
  ["torch._utils _rebuild_parameter_with_state", rebuildParameter],
  ["torch._tensor _rebuild_from_type_v2", rebuildFromType],
  ["torch.tensor _rebuild_from_type", rebuildFromType],
  ["torch._utils _rebuild_sparse_tensor", unread("sparse")],
  ["torch._utils _rebuild_sparse_csr_tensor", unread("sparse")],
  ["torch._utils _rebuild_qtensor", unread("quantised")],
  ["torch._utils _rebuild_nested_tensor", unread("nested")],
  ["torch._utils _rebuild_meta_tensor_no_storage", unread("meta, without elements")],
  ["torch._utils _rebuild_wrapper_subclass", unread("of a class of its own")],
  [
    "torch Size",
    (([sizes = []], refuse) =>
      areSizes(sizes) ? [...sizes] : refuse("a torch.Size has no sizes")) satisfies PickleFunction,
  ],
  ...[...storageTypes, ...unreadTypes].map(([name, type]) => [`torch ${name}`, new StorageType(type)] as const),
  ["torch.storage UntypedStorage", new StorageType(UNTYPED)],
  ["torch UntypedStorage", new StorageType(UNTYPED)],
]);

/**
 * What a pickle refers to outside of itself: a storage as ("storage", type, name, device, elements), with a sixth where the file
 * is an old one, which is None unless the storage is a part of another; or in old files ("module", class, its source code), of
 * which the class is named.
 */
export function outsideOf(reference: unknown, refuse: Refuse): TorchStorage | PythonName {
  const [kind, type, name, , count, part = null] =
    typeof reference === "string" ? inText(reference) : listOf(reference);
  if (kind === "module" && type instanceof PythonName) return type;
  if (kind !== "storage" || !(type instanceof StorageType) || typeof name !== "string" || !isSize(count)) {
    return refuse("it refers to data outside of itself that are no storage");
  }
  if (part !== null) refuse(`its storage ${shown(name)} is a part of another, as PyTorch before 1.0 wrote them`);
  return new TorchStorage(name, type.type, count);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A reference as protocol 0 writes it: as Python's `repr` of it. */
function inText(reference: string): readonly unknown[] {
  const parts = /^\('storage', <class 'torch\.(\w+)'>, '(\w+)', '[\w:]+', (\d+)(?:, None)?\)$/.exec(reference);
  return parts ? ["storage", torchGlobals.get(`torch ${parts[1]}`), parts[2], "", Number(parts[3])] : [];
}
