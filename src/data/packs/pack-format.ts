/**
 * @file The form in which a set is kept: one safetensors file, so that any tool reads it, of
 *
 *     images   uint8 [N, 3, R, R]   RGB; training images first, then validation, then test, each in the order of names
 *     labels   int32 [N]            where there are classes
 *     hashes   uint8 [N, 16]        the beginning of the SHA-256 of every image's bytes
 *     about    uint8 [B]            JSON: where the images came from and what was done with them (`aboutSchema`)
 *
 * The header has a fixed length, so that images are written before their number is known, and begin at a whole page.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { type ErrorCode, readFailure, UserError } from "../../errors.js";
import { type Descriptor, openDescriptor } from "../../io/files/descriptor.js";
import { readSafetensorsPlaces, safetensorsHeader } from "../../io/tensors/safetensors.js";
import type { ElementType } from "../../io/tensors/tensor.js";
import { type ImageSet, imageReader, type Split, splits } from "../image-set.js";
import { positionalReader } from "./mapped-file.js";

/** Bytes before the first image. */
export const HEADER_BYTES = 4096;
export const HASH_BYTES = 16;

/** How images are made the size of a set; a change of it makes old packs useless. */
export const RESIZING = "largest centred square; box halvings, then bicubic (guided-diffusion); on white, sRGB";

/** Another where packs, or the splits and labels of the same files, become others; it makes old packs useless too. */
export const PACK_VERSION = 3;

const count = z.int().nonnegative();
const range = z.strictObject({ from: count, count });
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const perSplit = <T extends z.ZodType>(schema: T) =>
  z.strictObject({ train: schema, validation: schema, test: schema });

const aboutSchema = z.strictObject({
  format: z.literal(PACK_VERSION),
  /** Kind and path of the source. */
  source: z.string(),
  /** What the source was taken for, in words. */
  description: z.string(),
  /** Whether it is that by the name of its kind alone: the bare path is taken for something else. */
  byKind: z.boolean(),
  /** What was guessed about the source, in sentences. */
  notices: z.array(z.string()),
  /** Of the source when it was packed. */
  fingerprint: z.string(),
  resolution: z.int().min(1),
  resizing: z.string(),
  /** Versions of what decoded and resized. */
  madeBy: z.record(z.string(), z.string()),
  classes: z.array(z.string()),
  splits: perSplit(range),
  /** Of the labels and hashes of each split: equal sets have equal ones. */
  digests: perSplit(digest),
  /** Files left out, and why. */
  skipped: z.array(z.strictObject({ file: z.string(), reason: z.string() })),
  /** Files that serve for nothing, by kind. */
  unused: z.array(
    z.strictObject({ what: z.string(), count, files: z.array(z.string()), advice: z.string().optional() }),
  ),
});

/** What a pack says of itself. */
export type About = z.output<typeof aboutSchema>;

export interface Pack {
  path: string;
  about: About;
  labels: Int32Array;
}

/** The beginning of an image's SHA-256. */
export const hashOf = (pixels: Uint8Array): Uint8Array =>
  createHash("sha256").update(pixels).digest().subarray(0, HASH_BYTES);

/** SHA-256 over labels and hashes of images, in hexadecimal. */
function digestOf(labels: Int32Array, hashes: Uint8Array): string {
  const bytes = new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength);
  return createHash("sha256").update(bytes).update(hashes).digest("hex");
}

/** Digest of every split, given the labels and hashes of all images. */
export function digestsOf(ranges: About["splits"], labels: Int32Array, hashes: Uint8Array): About["digests"] {
  const digestIn = ({ from, count }: z.output<typeof range>) =>
    digestOf(labels.subarray(from, from + count), hashes.subarray(from * HASH_BYTES, (from + count) * HASH_BYTES));
  const { train, validation, test } = ranges;
  return { train: digestIn(train), validation: digestIn(validation), test: digestIn(test) };
}

/** The digest of a set, worked out from its images where it is not known. */
export function digestOfSet(set: ImageSet): string {
  if (set.digest !== undefined) return set.digest;
  const read = imageReader(set);
  const hashes = new Uint8Array(set.count * HASH_BYTES);
  for (let index = 0; index < set.count; index++) hashes.set(hashOf(read(index)), index * HASH_BYTES);
  return digestOf(set.labels, hashes);
}

/** Header and tail of a pack, around its images. */
export function frameOf(
  about: About,
  labels: Int32Array,
  hashes: Uint8Array,
): { header: Uint8Array; tail: Uint8Array } {
  const n = hashes.length / HASH_BYTES;
  const { resolution } = about;
  const text = Buffer.from(JSON.stringify(about));
  const labelBytes = new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength);
  const entries = [
    { name: "images", dtype: "uint8", shape: [n, 3, resolution, resolution] },
    ...(labels.length > 0 ? [{ name: "labels", dtype: "int32", shape: [n] } as const] : []),
    { name: "hashes", dtype: "uint8", shape: [n, HASH_BYTES] },
    { name: "about", dtype: "uint8", shape: [text.length] },
  ] as const;
  return {
    header: safetensorsHeader(entries, { bytes: HEADER_BYTES }),
    tail: Buffer.concat([labelBytes, hashes, text]),
  };
}

/**
 * Opens a pack, and checks that labels and hashes are those it was written with.
 *
 * @throws UserError when it is not a whole pack
 */
export function readPack(path: string): Pack {
  const refuse = (problem: string, code: ErrorCode = "damaged"): never => {
    throw new UserError(code, `Expected packed images in ${path}, but ${problem}. Delete the file: it is made again.`);
  };
  using file = opened(path, refuse);
  const read = positionalReader(file.fd);
  const places = new Map(readSafetensorsPlaces(file.fd, path).map((place) => [place.name, place]));
  const bytesOf = (name: string, dtype: ElementType): Uint8Array<ArrayBuffer> => {
    const place = places.get(name);
    if (place?.dtype !== dtype) return refuse(`it has no ${name} of type ${dtype}`);
    return read(place.from, place.to - place.from);
  };
  const about = parseAbout(bytesOf("about", "uint8"), refuse);
  const labels = places.has("labels") ? new Int32Array(bytesOf("labels", "int32").buffer) : new Int32Array();
  const hashes = bytesOf("hashes", "uint8");
  const digests = digestsOf(about.splits, labels, hashes);
  if (splits.some((split) => digests[split] !== about.digests[split])) refuse("its labels or hashes are damaged");
  const images = places.get("images");
  const bytes = (hashes.length / HASH_BYTES) * 3 * about.resolution ** 2;
  if (images?.from !== HEADER_BYTES || images.to !== HEADER_BYTES + bytes)
    refuse("its images do not lie where they should");
  return { path, about, labels };
}

function opened(path: string, refuse: (problem: string, code: ErrorCode) => never): Descriptor {
  try {
    return openDescriptor(path, "r");
  } catch (error) {
    return refuse(`it cannot be read (${(error as Error).message})`, readFailure(error));
  }
}

function parseAbout(bytes: Uint8Array, refuse: (problem: string) => never): About {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return refuse("what it says of itself is no JSON");
  }
  const parsed = aboutSchema.safeParse(json);
  return parsed.success
    ? parsed.data
    : refuse(`what it says of itself is not understood:\n${z.prettifyError(parsed.error)}`);
}

/** One split of a pack. */
export function splitOf({ path, about, labels }: Pack, split: Split, name: string): ImageSet {
  const { from, count } = about.splits[split];
  const { resolution, classes } = about;
  return {
    name,
    resolution,
    count,
    classes,
    images: { path, offset: HEADER_BYTES + from * 3 * resolution ** 2 },
    labels: labels.slice(from, labels.length > 0 ? from + count : from),
    digest: about.digests[split],
  };
}
