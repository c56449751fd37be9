import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type HubServer, startHub } from "../../../test/support/hub-server.js";
import { digestOfWeights } from "../../inference/weights-digest.js";
import { packagePath } from "../../package-folder.js";
import { locateRun, openRun } from "./open-run.js";

const shipped = packagePath("pretrained/emoji32");
let hub: HubServer;
let folder = "";

beforeAll(async () => {
  hub = await startHub();
  const files = readdirSync(shipped, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(shipped, name)).isFile(),
  );
  const run = new Map(files.map((name) => [name, readFileSync(join(shipped, name))]));
  hub.repositories.set("models/me/emoji", run);
  hub.repositories.set("models/me/several", new Map([...run].map(([name, content]) => [`runs/one/${name}`, content])));
  hub.repositories.set("models/me/other", new Map([["config.json", Buffer.from('{"model_type": "bert"}')]]));
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

test.each(["hf:me/emoji", "hf:me/several:runs/one"])("%s is a run like one of this machine", async (run) => {
  const model = await openRun(run, { hub: { hubUrl: hub.url } });
  const here = await openRun(shipped);
  expect(digestOfWeights(model.parameters)).toBe(digestOfWeights(here.parameters));
  expect({ ...model, parameters: 0 }).toEqual({ ...here, parameters: 0 });
  expect(hub.asked.some((line) => line.includes("log.txt"))).toBe(false);
  hub.asked.length = 0;
  expect(relative(folder, locateRun(run)).split("/").slice(0, 3)).toEqual(["hub", "models", "me"]);
  expect((await openRun(run, { hub: { offline: true } })).step).toBe(model.step);
  expect(hub.asked).toEqual([]);
});

test("what is no run of ours is refused, with what helps", async () => {
  await expect(openRun("hf:me/other", { hub: { hubUrl: hub.url } })).rejects.toThrow(
    /Expected a run of Strata at hf:me\/other, got a repository without checkpoints .* hf:me\/other:FILE/,
  );
  expect(() => locateRun("hf:me/emoji")).toThrow(/Expected hf:me\/emoji among what was fetched before/);
});

test("settings that are too large to be any are refused before they are fetched", async () => {
  hub.fault = (_, response, path) =>
    path.includes("/tree/")
      ? response.end(
          JSON.stringify([
            {
              type: "file",
              path: "config.json",
              size: 1e11,
              oid: "a".repeat(40),
              lfs: { oid: "b".repeat(64), size: 1e11 },
            },
          ]),
        )
      : "pass";
  const opening = openRun("hf:me/emoji", { hub: { hubUrl: hub.url } });
  await expect(opening).rejects.toThrow(/Expected at most 64\.0 MiB in config\.json of hf:me\/emoji, got 93\.1 GiB/);
  hub.fault = undefined;
  expect(hub.asked.some((line) => line.includes("/resolve/"))).toBe(false);
});
