/** @file Runs divided among ranks: what is drawn and measured does not depend on who computes it. */
import { afterAll, expect, test } from "vitest";
import { Runtime } from "../../src/engine/index.js";
import { negativeLogLikelihood } from "../../src/inference/measures/nll.js";
import { Sampler } from "../../src/inference/sampling/sampler.js";
import { type RunJob, RunServer, SharedRuns } from "../../src/ranks/shared-runs.js";
import { localRanks } from "../support/local-ranks.js";
import { discs, tinyModel } from "../support/tiny.js";

const runtimes = Array.from({ length: 3 }, () => new Runtime({ threads: 1 }));
afterAll(() => Promise.all(runtimes.map((runtime) => runtime.dispose())));

/** Does work on a runtime that shares its runs, and says what the others were asked for. */
async function shared<T>(size: number, work: (runtime: Runtime) => Promise<T>, signal?: AbortSignal) {
  const ranks = localRanks(size);
  const asked: RunJob["kind"][] = [];
  const following = ranks.slice(1).map(async (own) => {
    const server = new RunServer(own, runtimes[own.rank], signal);
    for (;;) {
      const job = await own.broadcast<RunJob | "end">(undefined);
      if (job === "end") return;
      if (own.rank === 1) asked.push(job.kind);
      await server.serve(job);
    }
  });
  const runtime = new Runtime({ threads: 1 });
  runtime.shareRuns(new SharedRuns(ranks[0]));
  try {
    return { result: await work(runtime), asked };
  } finally {
    await ranks[0].broadcast("end");
    await Promise.all(following);
    await runtime.dispose();
  }
}

const model = tinyModel({ model: { classes: 4 } });

const draw = async (runtime: Runtime) => {
  await using sampler = new Sampler(model, { batch: 4, runtime });
  return await sampler.sample({ count: 22, seed: 3, guidance: { mean: 1, variance: 0.5 } });
};

test.each([2, 3])("%i ranks draw the samples of one, each some of them", async (size) => {
  const { result, asked } = await shared(size, draw);
  expect(result).toEqual(await draw(runtimes[0]));
  const rounds = Math.floor(6 / size);
  expect(asked).toEqual(["load", ...new Array(rounds).fill("run"), "unload"]);
});

test("likelihoods are those of one", async () => {
  const images = discs(10, { labels: true });
  const measure = (runtime: Runtime) => negativeLogLikelihood(model, images, { batch: 2, samples: 3, runtime });
  const { result, asked } = await shared(2, measure);
  expect(result).toEqual(await measure(runtimes[0]));
  expect(asked.filter((kind) => kind === "run").length).toBeGreaterThan(5);
});

test("a single run, and one whose results stay on the device, are nobody else's", async () => {
  const one = async (runtime: Runtime) => {
    await using sampler = new Sampler(model, { batch: 4, runtime });
    return await sampler.sample({ count: 4 });
  };
  const { result, asked } = await shared(2, one);
  expect(result).toEqual(await one(runtimes[0]));
  expect(asked).toEqual([]);
});

test("a rank that is asked to stop says so to whoever waits, and the others end", async () => {
  const stopped = AbortSignal.abort(new DOMException("interrupted by SIGTERM", "AbortError"));
  await expect(shared(2, draw, stopped)).rejects.toThrow("On rank 1 (here): asked to stop: interrupted by SIGTERM");
});
