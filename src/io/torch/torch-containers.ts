/**
 * @file The two files that `torch.save` has written: a zip archive with `ROOT/data.pkl` and a storage in each of
 * `ROOT/data/NAME` (since PyTorch 1.6), and before that five pickles one after another, with the storages behind them.
 */
import { UserError } from "../../errors.js";
import type { Refuse } from "../archives/archive-entry.js";
import { type ByteSource, openBytes } from "../archives/byte-source.js";
import { openZip, type ZipArchive, type ZipEntry } from "../archives/zip.js";
import { unpickle } from "../python/pickle.js";
import { shown } from "../python/pickle-text.js";
import { outsideOf, TorchStorage, torchGlobals } from "./torch-pickle.js";

/** Bytes of pickles that are read: a checkpoint of a model with ten thousand parameters has 5 MB. */
const LARGEST_PICKLE = 2 ** 26;

/** What a checkpoint holds before its tensors are made. */
export interface TorchContainer extends AsyncDisposable {
  kind: "zip" | "legacy";
  /** Lists, Maps and numbers, with `TorchView` for tensors. */
  value: unknown;
  /** Protocol of its pickle. */
  protocol: number;
  /** Bytes of the file. */
  size: number;
  /** The bytes of a storage, exactly as many as it claims; borrowed. */
  read(storage: TorchStorage): Promise<Uint8Array>;
}

/** How zip archives begin. */
const ZIP = Buffer.from("PK\x03\x04", "latin1");
/** The number that old files begin with, as pickles of protocol 2 and later write it, and before. */
const MAGIC = Buffer.from("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", "latin1");
const MAGIC_TEXT = Buffer.from("L119547037146038801333356L\n.", "latin1");
/** Bytes of a protocol and of a frame, which may stand before the number. */
const BEFORE_MAGIC = [2, 11];

/** Bytes of a file's beginning that `torchContainerOf` needs. */
const TORCH_SIGNATURE_BYTES = 32;

/** Which of PyTorch's two containers begins like this, if any: a zip archive may yet be any other. */
export function torchContainerOf(start: Uint8Array): "zip" | "legacy" | undefined {
  const has = (signature: Buffer, at = 0) => signature.equals(start.subarray(at, at + signature.length));
  if (has(ZIP)) return "zip";
  return has(MAGIC_TEXT) || (start[0] === 0x80 && BEFORE_MAGIC.some((at) => has(MAGIC, at))) ? "legacy" : undefined;
}

/**
 * Opens a checkpoint and reads its pickle; nothing is executed.
 *
 * @param where - the file's name, for messages
 * @throws UserError when it is no checkpoint, is damaged, or asks for anything but tensors and plain data
 */
export async function openTorchFile(source: string | Uint8Array, where: string): Promise<TorchContainer> {
  const refuse: Refuse = (problem, code = "damaged") => {
    throw new UserError(code, `Expected a PyTorch checkpoint in ${where}, but ${problem}.`);
  };
  const bytes = await openBytes(source, refuse);
  let legacy: TorchContainer | undefined;
  try {
    const kind = torchContainerOf(await bytes.read(0, TORCH_SIGNATURE_BYTES));
    if (kind === undefined)
      refuse("it begins like none: neither a zip archive nor the magic number of PyTorch before 1.6");
    if (kind === "legacy") legacy = await readLegacy(bytes, where, refuse);
  } finally {
    if (!legacy) await bytes[Symbol.asyncDispose]();
  }
  return legacy ?? readZip(await openZip(source, where), bytes.size, where, refuse);
}

async function readZip(zip: ZipArchive, size: number, where: string, refuse: Refuse): Promise<TorchContainer> {
  try {
    const byName = new Map(zip.entries.map((entry) => [entry.name, entry]));
    const pickles = zip.entries.filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
    if (pickles.length !== 1) refuse(`it is a zip archive with ${pickles.length} files ROOT/data.pkl in place of one`);
    const root = pickles[0].name.slice(0, -"data.pkl".length);
    const stored = (name: string): ZipEntry => {
      const entry = byName.get(root + name);
      if (!entry) return refuse(`its file ${root}${shown(name).slice(1, -1)} is missing`);
      // PyTorch compresses nothing, and so nothing can be larger than the file
      return entry.deflated ? refuse(`its file ${entry.name} is compressed, as PyTorch does not; save it anew`) : entry;
    };
    if (byName.has(`${root}byteorder`)) {
      const order = Buffer.from(await zip.read(stored("byteorder"), { largest: 16 })).toString("latin1");
      if (order !== "little") refuse(`its byte order is ${shown(order)}; save it on a little-endian machine`);
    }
    if (byName.has(`${root}constants.pkl`))
      refuse("it is a TorchScript program; save the state dictionary of its model");
    const pickle = await zip.read(stored("data.pkl"), { largest: LARGEST_PICKLE });
    const { value } = unpickle(pickle, { where, globals: torchGlobals, holdObjects: true, persistent: outsideOf });
    return {
      kind: "zip",
      value,
      protocol: protocolOf(pickle, 0),
      size,
      read: (storage) => {
        const entry = stored(`data/${storage.name}`);
        if (entry.bytes !== storage.bytes) {
          return refuse(`its storage ${entry.name} has ${entry.bytes} bytes, its pickle claims ${storage.bytes}`);
        }
        return zip.read(entry, { largest: storage.bytes });
      },
      [Symbol.asyncDispose]: () => zip[Symbol.asyncDispose](),
    };
  } catch (error) {
    await zip[Symbol.asyncDispose]();
    throw error;
  }
}

/** Magic number, version, machine, the value, the storages' names; then of each storage its elements' number and itself. */
async function readLegacy(bytes: ByteSource, where: string, refuse: Refuse): Promise<TorchContainer> {
  const head = await bytes.read(0, Math.min(bytes.size, LARGEST_PICKLE));
  const known = new Map<string, TorchStorage>();
  const persistent = (reference: unknown) => {
    const storage = outsideOf(reference, refuse);
    if (!(storage instanceof TorchStorage)) return storage;
    const before = known.get(storage.name) ?? storage;
    if (before.type !== storage.type || before.count !== storage.count) {
      refuse(`its storage ${shown(storage.name)} has two types or sizes`);
    }
    known.set(storage.name, before);
    return before;
  };
  let end = 0;
  const next = (): unknown => {
    const pickle = unpickle(head, { where, globals: torchGlobals, holdObjects: true, persistent, start: end });
    end = pickle.end;
    return pickle.value;
  };
  next(); // the magic number, which was seen
  const version = next();
  if (version !== 1001) refuse(`its version is ${shown(version)}, not 1001`);
  const machine = next();
  if (!(machine instanceof Map) || machine.get("little_endian") !== true) {
    refuse("it is big-endian; save it on a little-endian machine");
  }
  const protocol = protocolOf(head, end);
  const value = next();
  const names = next();
  if (!Array.isArray(names)) return refuse("it has no list of its storages");
  const places = new Map<string, number>();
  for (const name of names) {
    const storage = known.get(name);
    if (!storage || places.has(storage.name))
      return refuse(`it lists the storage ${shown(name)}, which is not used once`);
    const count = await bytes.read(end, 8);
    if (count.length < 8 || count.readBigUInt64LE() !== BigInt(storage.count)) {
      refuse(`its storage ${shown(name)} should have ${storage.count} elements, as its pickle claims, at byte ${end}`);
    }
    places.set(storage.name, end + 8);
    end += 8 + storage.bytes;
  }
  if (end > bytes.size) refuse(`it is cut off: its storages end at byte ${end}, the file at ${bytes.size}`);
  return {
    kind: "legacy",
    value,
    protocol,
    size: bytes.size,
    read: async (storage) => {
      const place = places.get(storage.name);
      if (place === undefined) return refuse(`its storage ${shown(storage.name)} is missing`);
      const data = await bytes.read(place, storage.bytes);
      return data.length < storage.bytes ? refuse("it became shorter while it was read") : data;
    },
    [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
  };
}

/** Protocol of the pickle at a byte; those before 2 do not name theirs. */
const protocolOf = (bytes: Uint8Array, at: number): number => (bytes[at] === 0x80 ? bytes[at + 1] : 0);
