/**
 * @file PyTorch checkpoints, as `torch.save` has written them in all versions since 1.0, read without running anything of
 * them: a pickle is a program, and here it can ask for tensors and plain data alone.
 */
import { UserError } from "../../errors.js";
import { elementBytes, type Tensor, tensorFromBytes } from "../tensors/tensor.js";
import { openTorchFile, type TorchContainer } from "./torch-containers.js";
import { TorchView } from "./torch-pickle.js";

/** Tensors in one file: training checkpoints of the largest published model have 6,553. */
const MOST_TENSORS = 100_000;
/** Tensors may have more bytes than the file, where they share storages or repeat elements: so many times more … */
const LARGEST_EXPANSION = 4;
/** … or so many bytes, for small files. */
const SMALL = 2 ** 26;

/** What a checkpoint holds, and how it was written. */
export interface TorchFile {
  value: unknown;
  container: "zip" | "legacy";
  /** Of its pickle. */
  protocol: number;
}

/**
 * The value that `torch.load` would give: dictionaries as Maps, lists and tuples as arrays, None as null, and tensors with
 * their elements in row-major order, whatever strides they were saved with. Tensors that are the same one in the file are the
 * same one here; those that share a storage may share memory. Arrays of NumPy are `NumpyArray`,
 * objects of other classes `PythonObject`, and tensors that cannot be read (sparse, quantised) `UnreadTensor`.
 *
 * @param source - path of a file, or its bytes (borrowed)
 * @param where - the file's name, for messages
 * @throws UserError when it is no checkpoint, is damaged, asks for anything but tensors and plain data, or would take far more
 *   memory than the file
 */
export async function readTorchFile(
  source: string | Uint8Array,
  where = typeof source === "string" ? source : "bytes in memory",
): Promise<unknown> {
  return (await openTorchCheckpoint(source, where)).value;
}

/** The same with how it was written. */
export async function openTorchCheckpoint(source: string | Uint8Array, where: string): Promise<TorchFile> {
  await using container = await openTorchFile(source, where);
  const byStorage = new Map<string, TorchView[]>();
  let bytes = 0;
  const all = viewsIn(container.value);
  if (all.size > MOST_TENSORS) {
    throw new UserError("too-large", `Expected at most ${MOST_TENSORS} tensors in ${where}, got ${all.size}.`);
  }
  for (const view of all) {
    bytes += view.count * elementBytes(view.storage.type);
    const views = byStorage.get(view.storage.name);
    if (views) views.push(view);
    else byStorage.set(view.storage.name, [view]);
  }
  const most = Math.max(LARGEST_EXPANSION * container.size, SMALL);
  if (bytes > most) {
    throw new UserError(
      "damaged",
      `Expected a PyTorch checkpoint in ${where}, but its tensors would take ${bytes} bytes, the file of ${container.size} allows ${most}.`,
    );
  }
  const tensors = new Map<TorchView, Tensor>();
  for (const views of byStorage.values()) await makeTensors(container, views, tensors);
  const value = withTensors(container.value, tensors, new Map());
  return { value, container: container.kind, protocol: container.protocol };
}

/** Whether a value of a checkpoint is a tensor. */
export const isTensor = (value: unknown): value is Tensor =>
  typeof value === "object" && value !== null && "dtype" in value && "shape" in value && "data" in value;

/** Every tensor in a value, once. */
function viewsIn(root: unknown): Set<TorchView> {
  const views = new Set<TorchView>();
  const seen = new Set<unknown>();
  const pending = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (value instanceof TorchView) views.add(value);
    const parts = Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : [];
    if (parts.length === 0 || seen.has(value)) continue;
    seen.add(value);
    for (const part of parts) pending.push(part);
  }
  return views;
}

/** Makes all tensors of one storage, which is read once for each type it is seen as. */
async function makeTensors(
  container: TorchContainer,
  views: readonly TorchView[],
  made: Map<TorchView, Tensor>,
): Promise<void> {
  const read = new Map<string, Tensor>();
  for (const view of views) {
    const { storage } = view;
    const key = `${storage.type} ${storage.count}`;
    const elements = read.get(key) ?? (await readElements(container, storage));
    read.set(key, elements);
    made.set(view, tensorOf(view, elements));
  }
}

async function readElements(container: TorchContainer, storage: TorchView["storage"]): Promise<Tensor> {
  const bytes = (await container.read(storage)) as Uint8Array<ArrayBuffer>;
  return tensorFromBytes(storage.type, [storage.count], bytes);
}

/** The elements of a view in row-major order: the storage's own memory where that is their order. */
function tensorOf(view: TorchView, { dtype, data }: Tensor): Tensor {
  const { shape, strides, offset, count } = view;
  if (view.isContiguous) return { dtype, shape, data: data.subarray(offset, offset + count) };
  const gathered = data.slice(0, 0).constructor as new (length: number) => typeof data;
  const elements = new gathered(count);
  const index = shape.map(() => 0);
  let from = offset;
  for (let to = 0; to < count; to++) {
    elements[to] = data[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return { dtype, shape, data: elements };
}

/** A copy of a value with the tensors in place of their descriptions; what is shared stays shared. */
function withTensors(value: unknown, tensors: ReadonlyMap<TorchView, Tensor>, copies: Map<unknown, unknown>): unknown {
  if (value instanceof TorchView) return tensors.get(value);
  if (!Array.isArray(value) && !(value instanceof Map)) return value;
  if (copies.has(value)) return copies.get(value);
  const convert = (part: unknown) => withTensors(part, tensors, copies);
  const copy = Array.isArray(value)
    ? value.map(convert)
    : new Map([...value].map(([key, part]) => [key, convert(part)]));
  copies.set(value, copy);
  return copy;
}
