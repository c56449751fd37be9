/** @file Sharing through a hub, as a user does it: a set there, a run trained on it, pushed, and used from there. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { discs, type Ended, sharedProcess, temporaryFolder, tiny } from "../support/command-line.js";
import { type HubServer, startHub } from "../support/hub-server.js";

const TOKEN = "hf_secretSecretSecret";
const folder = temporaryFolder();
const run = join(folder, "run");
const repository = fileURLToPath(new URL("../..", import.meta.url));
const env: NodeJS.ProcessEnv = { ...process.env };
const strata: (...words: string[]) => Promise<Ended> = sharedProcess(join(repository, "dist/program.js"), {
  cwd: folder,
  env,
});
let hub: HubServer;

const filesBelow = (place: string) =>
  readdirSync(place, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(place, name)).isFile());

beforeAll(async () => {
  hub = await startHub();
  Object.assign(env, {
    ...{ STRATA_CACHE_DIR: join(folder, "cache"), HF_HOME: join(folder, "home"), NO_PROXY: "*", no_proxy: "*" },
    ...{ HF_ENDPOINT: hub.url, HF_TOKEN: TOKEN, npm_command: undefined, npm_lifecycle_event: undefined },
  });
  const set = join(repository, "test/fixtures/data/hugging-face"); // written by their library `datasets`
  const files = filesBelow(set).map((name) => [`data/${name}`, readFileSync(join(set, name))] as const);
  hub.repositories.set("datasets/me/shapes", new Map([...files, ["README.md", Buffer.from("a card")]]));
});
afterAll(() => hub.close());

test("three commands lead from a set on the hub to samples", async () => {
  const scan = await strata("data", "scan", "hf:me/shapes");
  expect(scan.code, scan.stderr).toBe(0);
  expect(scan.stdout).toMatch(/images +24 usable/);
  const trained = await strata(
    "train",
    ...tiny,
    "training.logEvery=1",
    "training.sampleEvery=4",
    "--steps",
    "4",
    "--data",
    "hf:me/shapes",
    "--out",
    run,
  );
  expect(trained.code, trained.stderr).toBe(0);
  const sampled = await strata("sample", "--run", run, "--count", "4", "--out", join(folder, "samples.png"));
  expect(sampled.code, sampled.stderr).toBe(0);
  expect(readFileSync(join(run, "data.json"), "utf8")).toContain('"hf:me/shapes"');
});

test("a dry run writes the folder that would be sent, with a card, and asks no server", async () => {
  hub.asked.length = 0;
  const out = join(folder, "shared");
  const pushed = await strata("push", run, "hf:me/model", "--license", "mit", "--dry-run", "--out", out);
  expect(pushed.code, pushed.stderr).toBe(0);
  expect(filesBelow(out).sort()).toEqual([
    ...["README.md", "checkpoints/step-4/ema.safetensors", "checkpoints/step-4/manifest.json", "config.json"],
    ...["data.json", "metrics.jsonl", "samples/reconstructions-step-000004.png", "samples/step-000004.png"],
  ]);
  expect(hub.asked).toEqual([]);
  const card = readFileSync(join(out, "README.md"), "utf8");
  expect(card).toMatch(/^---\nlicense: mit\n/);
  expect(card).toContain("--run hf:me/model");
  expect(card).toContain("datasets:\n  - me/shapes");
  expect((await strata("sample", "--run", out, "--count", "1", "--out", join(folder, "dry.png"))).code).toBe(0);
});

test("pushed, the run is used from the hub; a later step takes the place of an earlier one", async () => {
  const push = () => strata("push", run, "hf:me/model", "--license", "cc-by-4.0", "--with", "onnx", "--json");
  let failures = 1; // of the first upload of a large file
  hub.fault = ({ method }, response) => (method === "PUT" && failures-- > 0 ? response.writeHead(503).end() : "pass");
  const first = await push();
  hub.fault = undefined;
  expect(first.code, first.stderr).toBe(0);
  expect(JSON.parse(first.stdout)).toMatchObject({ step: 4, removed: [] });
  const files = hub.repositories.get("models/me/model")!;
  expect([...files.keys()]).toContain("onnx/sampler.onnx");
  expect(files.get("checkpoints/step-4/ema.safetensors")).toEqual(
    readFileSync(join(run, "checkpoints/step-4/ema.safetensors")),
  );
  files.set("notes.txt", Buffer.from("of the owner"));

  hub.commit = "1".repeat(40);
  const here = join(folder, "here.png");
  const there = join(folder, "there.png");
  expect((await strata("sample", "--run", run, "--count", "2", "--seed", "1", "--out", here)).code).toBe(0);
  const sampled = await strata("sample", "--run", "hf:me/model", "--count", "2", "--seed", "1", "--out", there);
  expect(sampled.code, sampled.stderr).toBe(0);
  expect(sampled.stderr).toContain("Fetching ");
  expect(readFileSync(there).equals(readFileSync(here))).toBe(true);
  const inspected = await strata("inspect", "hf:me/model", "--offline");
  expect(inspected.code, inspected.stderr).toBe(0);

  const more = await strata("train", "--resume", "--steps", "8", "--data", "hf:me/shapes", "--out", run);
  expect(more.code, more.stderr).toBe(0);
  const second = await push();
  expect(second.code, second.stderr).toBe(0);
  expect(JSON.parse(second.stdout).removed).toContain("checkpoints/step-4/ema.safetensors");
  expect([...files.keys()].filter((name) => name.startsWith("checkpoints/")).sort()).toEqual([
    "checkpoints/step-8/ema.safetensors",
    "checkpoints/step-8/manifest.json",
  ]);
  expect(String(files.get("notes.txt"))).toBe("of the owner");
});

test("a head goes with its run, and draws there; once the weights are others it stays behind, and that is told", async () => {
  const own = join(folder, "headed");
  const train = (...words: string[]) => strata("train", ...words, "--data", "hf:me/shapes", "--out", own);
  expect((await train(...tiny, "--steps", "2")).code).toBe(0);
  const head = await strata("head", own, "--steps", "1");
  expect(head.code, head.stderr).toBe(0);
  const push = (out: string) =>
    strata("push", own, "hf:me/headed", "--license", "mit", "--dry-run", "--out", join(folder, out));
  const pushed = await push("headed-shared");
  expect(pushed.code, pushed.stderr).toBe(0);
  expect(filesBelow(join(folder, "headed-shared", "heads")).sort()).toEqual([
    ...["independent/checkpoints/step-1/ema.safetensors", "independent/checkpoints/step-1/manifest.json"],
    "independent/config.json",
  ]);
  expect(readFileSync(join(folder, "headed-shared", "README.md"), "utf8")).toContain("--with-head independent");
  const draw = (run: string) =>
    strata("sample", "--run", run, "--with-head", "--count", "2", "--out", join(folder, `${basename(run)}.npz`));
  for (const run of [own, join(folder, "headed-shared")]) expect((await draw(run)).code).toBe(0);
  const [here, there] = ["headed.npz", "headed-shared.npz"].map((name) => readFileSync(join(folder, name)));
  expect(there.equals(here)).toBe(true);
  expect((await train("--resume", "--steps", "4")).code).toBe(0);
  const later = await push("headed-later");
  expect(later.code, later.stderr).toBe(0);
  expect(later.stderr).toContain("The independent head is left out.");
  expect(existsSync(join(folder, "headed-later", "heads"))).toBe(false);
});

test("the token is in no file, and no path of this machine is in what was sent", async () => {
  for (const name of filesBelow(folder)) expect(readFileSync(join(folder, name), "latin1")).not.toContain(TOKEN);
  const own = join(folder, "own");
  const data = await discs(join(folder, "private", "cats"), ["a"], 6);
  expect((await strata("train", ...tiny, "--steps", "2", "--data", `folder:${data}`, "--out", own)).code).toBe(0);
  const pushed = await strata("push", own, "hf:me/own", "--license", "other", "--title", "Cats | <b>", "--public");
  expect(pushed.code, pushed.stderr).toBe(0);
  for (const [name, content] of hub.repositories.get("models/me/own")!) {
    expect(content.includes(folder), name).toBe(false);
  }
  expect(String(hub.repositories.get("models/me/own")!.get("data.json"))).toContain('"folder:cats"');
  expect(String(hub.repositories.get("models/me/own")!.get("README.md"))).toContain("# Cats \\| \\<b\\>");
});

test.each<[string, string[], RegExp]>([
  ["no licence", ["hf:me/model"], /Expected --license ID/],
  [
    "a licence that is none",
    ["hf:me/model", "--license", "My: own"],
    /Expected a licence by its identifier as --license/,
  ],
  ["a place that is none", ["me/model", "--license", "mit"], /Expected hf:OWNER\/NAME/],
  ["a file of a repository", ["hf:me/model:x", "--license", "mit"], /Expected a repository to send files to/],
  [
    "no network",
    ["hf:me/model", "--license", "mit", "--offline"],
    /Expected to send files to hf:me\/model, but --offline asks no server/,
  ],
  [
    "an evaluation that is none",
    ["hf:me/model", "--license", "mit", "--evaluation", "nowhere"],
    /folder of an evaluation at nowhere/,
  ],
])("push with %s is refused in one sentence", async (_, words, message) => {
  const { code, stderr } = await strata("push", run, ...words);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(
    stderr
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("strata:")),
  ).toHaveLength(1);
});

test.each<[string, RegExp, number, Record<string, string>, RegExp]>([
  ["refuses the token", /repos\/create/, 401, {}, /the hub refuses the token/],
  ["forbids", /preupload/, 403, {}, /the hub refuses the token \(403/],
  ["answers with something else", /preupload/, 200, {}, /Expected the hub to take the files of/],
  ["has no room", /lfs\/objects/, 507, {}, /Expected the hub to take the files of .* 507/],
  ["takes no commit", /commit/, 422, {}, /Expected the hub to take the files of/],
])("a hub that %s is named", async (_, pattern, status, headers, message) => {
  hub.fault = (_request, response, path) =>
    pattern.test(path) ? response.writeHead(status, headers).end("{}") : "pass";
  const { code, stderr } = await strata("push", run, "hf:me/fresh", "--license", "mit");
  hub.fault = undefined;
  expect(code, stderr).toBe(2);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain(TOKEN);
});

test("card writes beside the run, and leaves what somebody wrote", async () => {
  const path = join(run, "README.md");
  expect((await strata("card", run, "--license", "mit")).code).toBe(0);
  expect(readFileSync(path, "utf8")).toContain("## Limits");
  expect((await strata("card", run, "--license", "cc0-1.0")).code).toBe(0);
  expect(readFileSync(path, "utf8")).toContain("license: cc0-1.0");
  writeFileSync(path, "# Mine\n");
  const refused = await strata("card", run, "--license", "mit");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/Expected no .*README\.md, or one that strata card wrote/);
  expect(readFileSync(path, "utf8")).toBe("# Mine\n");
  expect((await strata("card", "pretrained:emoji32", "--license", "mit")).code).toBe(0);
  expect(existsSync(join(folder, "emoji32-card.md"))).toBe(true);
});
