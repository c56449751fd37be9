/**
 * @file One shard of a WebDataset (https://github.com/webdataset/webdataset): a tar archive whose members belong together by the name
 * before the first dot, `000123.jpg` and `000123.cls`. Hostile until parsed.
 */
import { extname } from "node:path/posix";
import { UserError } from "../../errors.js";
import type { Refusal, Refuse } from "../../io/archives/archive-entry.js";
import type { ByteSource } from "../../io/archives/byte-source.js";
import { forward } from "../../io/archives/tar.js";
import { tarMembers } from "../../io/archives/tar-members.js";
import { parseJson } from "../../io/files/json.js";
import { LARGEST_FILE } from "../decoding/decode.js";
import { hasImageExtension } from "../decoding/image-format.js";
import type { LabelValue } from "./class-values.js";
import type { SourceRecord } from "./source.js";

/** Bytes of the largest label and of the largest `.json` that are read. */
const LARGEST_LABEL = 4096;
const LARGEST_JSON = 2 ** 20;

/** Keys of a `.json` that usually have the label, the surest first. */
const LABEL_KEYS = "label cls class class_id label_id category target class_name".split(" ");

/** A sample that has an image. */
export interface Sample {
  key: string;
  /** Where its image lies in the shard. */
  start: number;
  bytes: number;
  label: LabelValue;
}

export interface ShardContent {
  samples: Sample[];
  refused: Refusal[];
  /** Members that are no images or labels, by their endings. */
  others: Map<string, number>;
  /** Where labels came from: ".cls", or a key of ".json". */
  labelled: Set<string>;
  /** Endings of the images that were taken. */
  taken: Set<string>;
}

/** What of a sample is read. */
export interface SampleReading {
  /** The ending of the images, where samples have several: "target.png". */
  imageColumn?: string;
  /** The key of `.json` files that has the label, with dots between nested ones; "none": no labels. */
  labelKey?: string;
}

/** Everything found of a sample so far. */
interface Found {
  image?: { ending: string; start: number; bytes: number };
  label?: LabelValue;
}

/**
 * Goes through a shard from header to header, reading labels and leaving images.
 *
 * @param where - the shard, for messages
 * @throws UserError where it is damaged, or ends too early
 */
export async function readShard(
  source: ByteSource,
  where: string,
  { imageColumn, labelKey }: SampleReading,
): Promise<ShardContent> {
  const refuse: Refuse = (problem, code = "damaged") => {
    throw new UserError(code, `Expected a tar archive at ${where}, but ${problem}.`);
  };
  const samples = new Map<string, Found>();
  const content: ShardContent = { samples: [], refused: [], others: new Map(), labelled: new Set(), taken: new Set() };
  const bytes = forward(source);
  for await (const member of tarMembers(bytes, refuse)) {
    const { name, problem, link } = member;
    if (problem !== undefined || link !== undefined) {
      content.refused.push({ file: `${name}`, reason: problem ?? "it is a link" });
      continue;
    }
    const base = name.slice(name.lastIndexOf("/") + 1);
    const dot = base.indexOf(".");
    if (dot <= 0) continue; // no sample's, or what file managers leave behind
    const key = name.slice(0, name.length - base.length + dot);
    const ending = base.slice(dot + 1).toLowerCase();
    if (!samples.has(key)) samples.set(key, {});
    const sample = samples.get(key)!;
    if (imageColumn === undefined ? hasImageExtension(base) : ending === imageColumn.toLowerCase()) {
      const isFirst = sample.image === undefined || ending < sample.image.ending;
      if (isFirst) sample.image = { ending, start: member.start, bytes: member.bytes };
    } else if (ending === "cls" && labelKey === undefined && member.bytes <= LARGEST_LABEL) {
      sample.label = (await bytes.read(member.bytes)).toString("utf8").trim();
      content.labelled.add(".cls");
    } else if (ending === "json" && labelKey !== "none" && member.bytes <= LARGEST_JSON) {
      const found = labelIn(await bytes.read(member.bytes), labelKey);
      if (found && (sample.label === undefined || labelKey !== undefined)) {
        sample.label = found.label;
        content.labelled.add(`"${found.key}" of .json`);
      }
    } else {
      const kind = extname(base).toLowerCase();
      content.others.set(kind, (content.others.get(kind) ?? 0) + 1);
    }
  }
  for (const [key, { image, label }] of samples) {
    if (image === undefined) continue;
    content.samples.push({ key, start: image.start, bytes: image.bytes, label });
    content.taken.add(`.${image.ending}`);
  }
  return content;
}

/** The label in a `.json`, by its key, or by one that usually has it. */
function labelIn(bytes: Uint8Array, labelKey: string | undefined): { key: string; label: LabelValue } | undefined {
  let value: unknown;
  try {
    value = parseJson(bytes, () => {
      throw new Error();
    });
  } catch {
    return undefined; // a sample whose file is no JSON has no label
  }
  const of = (key: string): LabelValue => {
    const found = key
      .split(".")
      .reduce<unknown>((at, part) => (isObject(at) && Object.hasOwn(at, part) ? at[part] : undefined), value);
    return ["string", "number", "boolean"].includes(typeof found) ? (found as LabelValue) : undefined;
  };
  const key = labelKey ?? LABEL_KEYS.find((each) => of(each) !== undefined);
  const label = key === undefined ? undefined : of(key);
  return label === undefined ? undefined : { key: key!, label };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** The image of a sample. */
export async function memberImage(
  source: ByteSource,
  { start, bytes }: Pick<Sample, "start" | "bytes">,
): Promise<SourceRecord> {
  if (bytes > LARGEST_FILE) return { error: `it has ${bytes} bytes; at most ${LARGEST_FILE} are read`, tooLarge: true };
  const encoded = await source.read(start, bytes);
  return encoded.length === bytes ? { encoded } : { error: "its shard has become shorter" };
}
