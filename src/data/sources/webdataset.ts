/** @file Images in the shards of a WebDataset: a folder of tar archives, one of them, or several by a pattern, on disk or on a server. */
import { UserError } from "../../errors.js";
import type { Refusal } from "../../io/archives/archive-entry.js";
import type { ByteSource } from "../../io/archives/byte-source.js";
import { parseJson } from "../../io/files/json.js";
import { hasImageExtension } from "../decoding/image-format.js";
import { openPlace } from "../places.js";
import { labelsByValues } from "./class-values.js";
import { unusedFiles } from "./files.js";
import { listed } from "./labels.js";
import { type NamedFile, namedFiles } from "./named-files.js";
import type { Reading } from "./reading.js";
import { listingOfRows, MOST_ROWS } from "./rows.js";
import { labelledShards, type ShardIndex } from "./shard-index.js";
import type { Listing, PathKind } from "./source.js";
import { memberImage, readShard, type ShardContent } from "./webdataset-shard.js";

const isShard = (name: string): boolean => /\.tar$/i.test(name);
const isIndex = (name: string): boolean => /(^|\/)(index|.*[-_.]index)\.json$/i.test(name);

const LARGEST_INDEX = 2 ** 26;

/** Opens a shard by its file. */
async function openShard(file: NamedFile): Promise<ByteSource> {
  return openPlace(await file.open(), (problem, code = "damaged") => {
    throw new UserError(code, `Expected a shard at ${file.where}, but ${problem}.`);
  });
}

/** Shards in their order: that of an index, where there is one, else by name. */
async function shardsAt(path: string): Promise<{
  shards: NamedFile[];
  close: () => Promise<void>;
  notices: string[];
  others: string[];
  refused: readonly Refusal[];
}> {
  const opened = await namedFiles(path, (name) => isShard(name) || isIndex(name));
  const files = opened.single ? [opened.single] : opened.files;
  const close = async () => opened[Symbol.asyncDispose]();
  try {
    const index = files.find(({ name }) => isIndex(name));
    const tars = files.filter(({ name }) => !isIndex(name));
    const { others, refused } = opened;
    if (index === undefined) return { shards: tars, close, notices: [], others, refused };
    const order = await indexOf(index);
    const byName = new Map(tars.map((file) => [file.name, file]));
    const shards = order.flatMap(({ url, bytes }) => {
      const file = byName.get(url) ?? byName.get(url.slice(url.lastIndexOf("/") + 1));
      if (file && bytes !== undefined && file.bytes !== bytes) {
        refuseShards(
          path,
          `${file.name} has ${file.bytes} bytes where ${index.name} says ${bytes}: it is another file, or cut off`,
        );
      }
      return file ? [file] : [];
    });
    const rest = tars.filter((file) => !shards.includes(file));
    const notices = [
      `${index.name} lists ${order.length} shards${shards.length < order.length ? `, of which ${order.length - shards.length} are not there` : ""}${rest.length > 0 ? `; it does not list ${rest.length} others, which are read after them` : ""}.`,
    ];
    return { shards: [...shards, ...rest], close, notices, others, refused };
  } catch (error) {
    await close();
    throw error;
  }
}

function refuseShards(path: string, problem: string): never {
  throw new UserError("damaged", `Expected shards of a WebDataset at ${path}, but ${problem}.`);
}

/** The shards that a `wids` index lists: `{"shardlist": [{"url": "a.tar", "nsamples": 7, "filesize": 20480}]}`. */
async function indexOf(file: NamedFile): Promise<{ url: string; bytes?: number }[]> {
  const refuse = (problem: string): never => {
    throw new UserError(
      "damaged",
      `Expected an index of shards in ${file.where}, {"shardlist": [{"url": "a.tar"}]}, but ${problem}.`,
    );
  };
  await using bytes = await openShard(file);
  if (bytes.size > LARGEST_INDEX) refuse(`it has ${bytes.size} bytes; at most ${LARGEST_INDEX} are read`);
  const value = parseJson(await bytes.read(0, bytes.size), (problem) => refuse(`it is no JSON (${problem})`)) as {
    shardlist?: unknown;
  };
  const list = value?.shardlist;
  if (!Array.isArray(list) || !list.every((shard) => typeof shard?.url === "string"))
    return refuse("it has no such list");
  return list.map(({ url, filesize }) => ({ url, ...(Number.isSafeInteger(filesize) ? { bytes: filesize } : {}) }));
}

async function webdatasetListing(path: string, reading: Reading): Promise<Listing> {
  const { shards, close, notices, others, refused } = await shardsAt(path);
  try {
    const contents: ShardContent[] = [];
    let total = 0;
    for (const shard of shards) {
      await using source = await openShard(shard);
      const content = await readShard(source, shard.where, reading);
      total += content.samples.length;
      if (total > MOST_ROWS) refuseShards(path, `it has more than ${MOST_ROWS} images. Read it as a stream`);
      contents.push(content);
    }
    const samples = contents.flatMap((content) => content.samples);
    const words = <T>(of: (content: ShardContent) => Iterable<T>) => [
      ...new Set(contents.flatMap((content) => [...of(content)])),
    ];
    const [taken, labelled, kinds] = [
      words(({ taken }) => taken),
      words((each) => each.labelled),
      words((each) => each.others.keys()),
    ];
    const count = (kind: string) => contents.reduce((sum, each) => sum + (each.others.get(kind) ?? 0), 0);
    const listing = listingOfRows({
      description: "WebDataset shards",
      rows: shards.flatMap(({ name }, shard) =>
        contents[shard].samples.map(({ key }) => ({ name: `${name.replace(/\.tar$/i, "")}/${key}`, group: name })),
      ),
      labelling: labelsByValues(
        samples.map(({ label }) => label),
        `${listed(labelled)} of ${path}`,
      ),
      refused: [...refused, ...contents.flatMap((content) => content.refused)],
      notices: [
        ...notices,
        `Images by ${listed(taken) || "nothing"} of ${shards.length} ${shards.length === 1 ? "shard" : "shards"}; ${labelled.length > 0 ? `labels by ${listed(labelled)}` : "no labels"}.`,
        ...(taken.length > 1
          ? ["Where a sample has several images, the first by its ending is taken: name one with `imageColumn`."]
          : []),
      ],
      groups: "shards",
      path,
      read: async function* (signal) {
        let row = 0;
        for (const [index, shard] of shards.entries()) {
          await using source = await openShard(shard);
          for (const sample of contents[index].samples) {
            signal?.throwIfAborted();
            yield { row: row++, ...(await memberImage(source, sample)) };
          }
        }
      },
      close,
    });
    const left = [
      ...kinds.map((kind) => ({ what: `${kind || "other"} members`, count: count(kind), files: [] as string[] })),
      ...(others.length > 0 ? [unusedFiles(others, "other file", "other files")] : []),
    ];
    return { ...listing, unused: [...(listing.unused ?? []), ...left] };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What is known of the shards, one after another: their samples by place alone. */
async function webdatasetIndex(path: string, reading: Reading): Promise<ShardIndex> {
  const { shards, close, notices } = await shardsAt(path);
  try {
    const found = [];
    for (const shard of shards) {
      const place = await shard.open();
      if (typeof place !== "string") return refuseShards(path, "its shards lie in an archive. Unpack it");
      await using source = await openShard(shard);
      const { samples } = await readShard(source, shard.where, reading);
      const plan = {
        format: "webdataset" as const,
        starts: Float64Array.from(samples, ({ start }) => start),
        lengths: Uint32Array.from(samples, ({ bytes }) => Math.min(bytes, 2 ** 32 - 1)),
      };
      found.push({ name: shard.name, place, count: samples.length, plan, given: samples.map(({ label }) => label) });
    }
    const { classes, labels } = labelsByValues(
      found.flatMap(({ given }) => given),
      `the labels of ${path}`,
    );
    let next = 0;
    const valued = found.map(({ given, ...shard }) => ({ ...shard, values: given.map(() => labels[next++]) }));
    return { description: "WebDataset shards", classes, shards: labelledShards(valued, classes), notices };
  } finally {
    await close();
  }
}

/** `webdataset:PATH`: a shard, a folder of shards, or several by `{000..099}`, `::` or address. */
export const webdataset: PathKind = {
  usages: ["webdataset:PATH"],
  list: webdatasetListing,
  recognises: ({ names, beginning }) => {
    if (beginning) return false;
    if (names.some(isShard)) return names.every((name) => isShard(name) || /\.(json|txt|md|idx|tsv|csv)$/i.test(name));
    const labels = new Set(names.filter((name) => /\.(cls|json)$/i.test(name)).map(keyOf));
    const images = names.filter(hasImageExtension);
    const labelled = images.filter((name) => labels.has(keyOf(name))).length;
    return images.length > 0 && 2 * labelled > images.length && names.some((name) => /\.cls$/i.test(name));
  },
  index: webdatasetIndex,
  takesPlaces: true,
  takes: ["imageColumn", "labelKey"],
};

const keyOf = (name: string): string => name.replace(/\.[^/]*$/, "");
