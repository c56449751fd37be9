import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { zipOf } from "../../../test/support/archives.js";
import { type HubServer, startHub } from "../../../test/support/hub-server.js";
import { packagePath } from "../../package-folder.js";
import { openData } from "../open-data.js";

let hub: HubServer;
let folder = "";

beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-hub-"));
  vi.stubEnv("STRATA_CACHE_DIR", folder);
  vi.stubEnv("HF_HOME", folder);
  vi.stubEnv("NO_PROXY", "*");
  hub.asked.length = 0;
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const png = (colour: string) =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: colour } })
    .png()
    .toBuffer();

async function pictures(): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const [name, colour] of [
    ["train/red/a.png", "red"],
    ["train/red/b.png", "#e00"],
    ["train/blue/a.png", "blue"],
    ["test/blue/b.png", "#00e"],
  ])
    files.set(name, await png(colour));
  return files;
}

const open = (source: string, more = {}) =>
  openData(source, {
    resolution: 8,
    hub: { hubUrl: hub.url, ...more },
  });

test("images of a repository are a set like those of a folder; it keeps its name, and its card is no image", async () => {
  const files = await pictures();
  files.set("README.md", Buffer.from("a card\n".repeat(1000)));
  files.set(".gitattributes", Buffer.from("*.png filter=lfs"));
  hub.repositories.set("datasets/me/colours", files);
  const { train, test: held, unused } = await open("hf:me/colours");
  expect(train).toMatchObject({ name: "hf:me/colours", count: 3, classes: ["blue", "red"] });
  expect(held.count).toBe(1);
  expect(unused).toEqual([]);
  expect(hub.asked.some((line) => line.includes("README"))).toBe(false);
  hub.asked.length = 0;
  expect((await open("hf:me/colours", { offline: true })).train.count).toBe(3);
  expect((await open("hf:me/colours:train", { offline: true })).train.count).toBe(3);
  expect(hub.asked).toEqual([]);
});

test("a repository with one archive is that archive", async () => {
  const archive = zipOf([...(await pictures())].map(([name, content]) => ({ name, content })));
  hub.repositories.set(
    "datasets/me/zipped",
    new Map([
      ["images.zip", archive],
      ["README.md", Buffer.from("a card")],
    ]),
  );
  expect((await open("hf:me/zipped")).train.classes).toEqual(["blue", "red"]);
  expect((await open("hf:me/zipped:images.zip")).train.count).toBe(3);
});

test("a set that has changed is fetched and packed again", async () => {
  const files = await pictures();
  hub.repositories.set("datasets/me/colours", files);
  await open("hf:me/colours");
  files.set("train/green/a.png", await png("green"));
  const { commit } = hub;
  hub.commit = "beef".repeat(10);
  const { train } = await open("hf:me/colours");
  hub.commit = commit;
  expect(train).toMatchObject({ count: 4, classes: ["blue", "green", "red"] });
});

test.each(["hugging-face", "webdataset/cls"])(
  "what %s's own library wrote is read from a repository as from its folder",
  async (set) => {
    const place = packagePath(`test/fixtures/data/${set}`);
    const names = readdirSync(place);
    const files = names.map((name) => [name, readFileSync(join(place, name))] as const);
    hub.repositories.set("datasets/me/shards", new Map([...files, ["README.md", Buffer.from("a card")]]));
    const there = await open("hf:me/shards");
    const here = await openData(place, { resolution: 8 });
    for (const split of ["train", "test"] as const) {
      const { count, classes } = here[split];
      expect(count).toBeGreaterThan(0);
      expect(there[split]).toMatchObject({ count, classes });
      expect(there[split].labels).toEqual(here[split].labels);
    }
  },
);
