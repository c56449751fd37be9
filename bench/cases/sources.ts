/** @file Sets as others publish them, decoded and resized: beside Hugging Face's datasets, webdataset and torchvision. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openData } from "../../src/data/index.js";
import { interleave } from "../measure.js";
import { startLoaders } from "../peers/loaders.js";
import { withFolder } from "../scratch.js";
import { type BenchOptions, type Case, digits, type Line, type Section } from "../suite.js";
import { COPIES, makePhotographs, PHOTOGRAPHS } from "./photographs.js";

const SHARDS = 8;
const RESOLUTION = 64;

/** What each form is read with beside us, and how its files end. */
const forms = {
  folder: { modules: ["torch", "torchvision"], ending: ".jpg", peer: "torchvision" },
  parquet: { modules: ["datasets"], ending: ".parquet", peer: "datasets, Pillow" },
  webdataset: { modules: ["webdataset"], ending: ".tar", peer: "webdataset, Pillow" },
} as const;

async function read(form: keyof typeof forms, { threads, rounds = 3 }: BenchOptions): Promise<Line[]> {
  return withFolder(async (scratch) => {
    const { modules, ending, peer: name } = forms[form];
    const photographs = join(scratch, "images", "photographs");
    mkdirSync(join(scratch, "images"));
    await makePhotographs(photographs);
    const place = join(scratch, form);
    mkdirSync(place);
    const writer = form === "folder" ? undefined : startLoaders(1, ["datasets", "webdataset"]);
    if (form !== "folder" && writer === undefined) return [{ cells: ["", `${name}: not installed`, ""], data: {} }];
    await writer?.do({ work: "write", folder: photographs, out: place, shards: SHARDS });
    writer?.end();
    const peer = startLoaders(threads, modules);
    const source = form === "folder" ? `folder:${photographs}` : `${form}:${place}/{0..${SHARDS - 1}}${ending}`;
    let round = 0;
    const ours = async () => {
      process.env.STRATA_CACHE_DIR = join(scratch, `cache-${round++}`);
      await openData(source, { resolution: RESOLUTION });
      process.env.STRATA_CACHE_DIR = "";
    };
    const task = {
      work: "read",
      form,
      place: form === "folder" ? join(scratch, "images") : place,
      ending,
      size: RESOLUTION,
    } as const;
    const times = await interleave([ours, ...(peer ? [() => peer.do(task)] : [])], rounds);
    peer?.end();
    const [own, other] = times.map((ms) => (PHOTOGRAPHS * COPIES) / (ms / 1000));
    const cells =
      other === undefined ? [`${name}: not installed`, ""] : [`${digits(other)} (${name})`, (own / other).toFixed(2)];
    return [{ cells: [digits(own), ...cells], data: { imagesPerSecond: own, peer: other } }];
  });
}

export const sourcesSection: Section = {
  title: "Sets as others publish them, images a second",
  columns: ["work", "Strata, packed", "Python", "times as fast"],
  cases: (Object.keys(forms) as (keyof typeof forms)[]).map(
    (form): Case => ({
      id: `data/source-${form}`,
      title: `${form}: JPEG of 500×375 to ${RESOLUTION}×${RESOLUTION}`,
      run: (options) => read(form, options),
    }),
  ),
};
