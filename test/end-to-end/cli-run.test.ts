/** @file From images to samples by the command line: train, resume, interrupt, sample, reconstruct, inspect. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import {
  discs,
  sharedStrata,
  start,
  startWith,
  strata,
  strataWithin,
  temporaryFolder,
  tiny,
} from "../support/command-line.js";

const folder = temporaryFolder();
const data = join(folder, "discs");
const run = join(folder, "run");
const wordsFor = (out: string, ...more: string[]) => ["train", ...tiny, "--data", data, "--out", out, ...more];
const trainTiny = (out: string, ...more: string[]) => sharedStrata(...wordsFor(out, ...more));

/** Hashes of all files of the newest checkpoint, by name. */
function checkpointHashes(of: string): Record<string, string> {
  const steps = readdirSync(join(of, "checkpoints")).map((name) => Number(name.split("-")[1]));
  const newest = join(of, "checkpoints", `step-${Math.max(...steps)}`);
  const hash = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(newest, name)))
      .digest("hex");
  return Object.fromEntries(readdirSync(newest).map((name) => [name, hash(name)]));
}

beforeAll(async () => {
  await discs(data, ["red", "blue"], 12);
  const { code, stdout, stderr } = await strata(...wordsFor(run, "--seed", "3"));
  expect(code, stderr).toBe(0);
  expect(stdout).toContain("8 steps, 32 images");
  expect(stdout).toContain(`Look at ${join(run, "report.html")}; with more pictures: strata report ${run}`);
  expect(stderr).toMatch(/^objective: what training minimises/m);
  expect(stderr).toContain(`\npictures: ${join(run, "samples")}; `);
  expect(stderr).toMatch(
    /^step 8: bound \d\.\d\d bits\/dim \(.* dB\) on held-out images, \d\.\d\d \(.* dB\) on training images$/m,
  );
});

test("a run folder holds what it should", () => {
  const names = readdirSync(run);
  expect(names).toEqual(expect.arrayContaining(["checkpoints", "config.json", "metrics.jsonl", "samples"]));
  expect(JSON.parse(readFileSync(join(run, "config.json"), "utf8")).training.seed).toBe(3);
  expect(existsSync(join(run, "checkpoints", "step-8", "manifest.json"))).toBe(true);
});

test("training leaves a report, and `report` makes it anew with what the model draws", async () => {
  const page = join(run, "report.html");
  const headings = () => [...readFileSync(page, "utf8").matchAll(/<h2>(.*?)<\/h2>/g)].map(([, heading]) => heading);
  const left = headings();
  expect(left).toEqual(expect.arrayContaining(["New images", "Reconstructions", "Training", "Commands to try next"]));
  expect(left).not.toContain("How an image forms");
  const { code, stdout, stderr } = await sharedStrata("report", run);
  expect(code, stderr).toBe(0);
  expect(stdout.trim()).toBe(`The report of ${run}: ${page}`);
  expect(headings()).toEqual(expect.arrayContaining([...left, "How an image forms"]));
});

test("half a run resumed with its own configuration equals the whole run, byte for byte", async () => {
  const out = join(folder, "resumed");
  expect((await trainTiny(out, "--seed", "3", "--steps", "4")).code).toBe(0);
  const { code, stderr } = await strata("train", "--resume", "--data", data, "--out", out, "--steps", "8");
  expect(code, stderr).toBe(0);
  expect(checkpointHashes(out)).toEqual(checkpointHashes(run));
});

// `signals.test.ts` has the other signals, at every stage.
test("SIGINT saves, exits with 130, and the run goes on afterwards", async () => {
  const signal = "SIGINT";
  const out = join(folder, signal);
  const { child, ended } = start(
    "train",
    ...tiny,
    "training.logEvery=1",
    "--data",
    data,
    "--out",
    out,
    "--steps",
    "100000",
  );
  const timer = setInterval(() => {
    const metrics = join(out, "metrics.jsonl");
    if (!existsSync(metrics) || !readFileSync(metrics, "utf8").includes('"train"')) return;
    clearInterval(timer);
    child.kill(signal);
    setTimeout(() => child.kill(signal), 20); // as npm passes on the same key press
  }, 50);
  const { code, stdout, stderr } = await ended;
  clearInterval(timer);
  expect(code, stderr).toBe(130);
  expect(stderr).toContain(`${signal}: saving`);
  expect(stdout).toContain(`strata train --resume --data ${data} --out ${out}`);
  expect(existsSync(join(out, "report.html"))).toBe(true);
  const step = Number(/step-(\d+)/.exec(stdout)![1]);
  expect(existsSync(join(out, "checkpoints", `step-${step}`, "manifest.json"))).toBe(true);
  const again = await sharedStrata(
    "train",
    "--resume",
    "--data",
    data,
    "--out",
    out,
    "--steps",
    String(step + 2),
    "--json",
  );
  expect(again.code, again.stderr).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({ step: step + 2, interrupted: false });
});

test("--json prints one object, --quiet nothing but it", async () => {
  const { code, stdout, stderr } = await trainTiny(join(folder, "json"), "--steps", "2", "--json", "--quiet");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ step: 2, images: 8, interrupted: false });
});

test("--init starts from the weights of a run, or of one of its checkpoints", async () => {
  const all = await trainTiny(join(folder, "fine"), "--steps", "1", "--init", run);
  expect(all.code, all.stderr).toBe(0);
  const one = await trainTiny(join(folder, "finer"), "--steps", "1", "--init", join(run, "checkpoints", "step-8"));
  expect(one.code, one.stderr).toBe(0);
  expect(checkpointHashes(join(folder, "finer"))).toEqual(checkpointHashes(join(folder, "fine")));
});

test("--dry-run tells what would happen and leaves nothing behind", async () => {
  const out = join(folder, "dry");
  const { code, stdout } = await trainTiny(out, "--dry-run");
  expect(code).toBe(0);
  const words = [
    "parameters",
    "18 to train on",
    "2 classes",
    "memory",
    "images/s",
    "8 steps of 4 images",
    "decaySteps",
  ];
  expect(words.map((word) => stdout.indexOf(word))).toEqual(
    words.map((word) => stdout.indexOf(word)).sort((a, b) => a - b),
  );
  for (const word of words) expect(stdout).toContain(word);
  expect(existsSync(out)).toBe(false);
});

test("a conditional model is trained from sub-folders and sampled by label", async () => {
  const out = join(folder, "conditional");
  expect((await trainTiny(out, "--steps", "2", "--set", "model.classes=2")).code).toBe(0);
  const npz = join(folder, "labels.npz");
  const words = ["--label", "red", "--guidance", "1,1", "--count", "3", "--out", npz];
  const { code, stderr } = await sharedStrata("sample", "--run", out, ...words);
  expect(code, stderr).toBe(0);
  expect(readFileSync(npz).includes("arr_1")).toBe(true);
});

test("heads are trained and resumed beside a run, measured beside its likelihood and drawn from; the run stays as it was", async () => {
  const out = join(folder, "headed");
  expect((await trainTiny(out, "--steps", "2")).code).toBe(0);
  const [before, after] = [join(folder, "before.npz"), join(folder, "after.npz")];
  const sample = (file: string, ...more: string[]) =>
    sharedStrata("sample", "--run", out, "--count", "3", "--out", file, ...more);
  const measured = async (to: string, ...more: string[]) => {
    const words = ["--data", data, "--metrics", "nll,rate-distortion", "--out", join(folder, to), "--json", ...more];
    const { code, stdout, stderr } = await sharedStrata("evaluate", "--run", out, ...words);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  await sample(before);
  const missing = await sample(after, "--with-head");
  const place = join(out, "heads", "independent");
  expect([missing.code, missing.stderr]).toEqual([
    2,
    expect.stringContaining(
      `Expected a head in ${place}, found none. Train it first: strata head ${out} --kind independent`,
    ),
  ]);
  const plain = await measured("plain");
  const filesBefore = readdirSync(out);
  const checkpoints = checkpointHashes(out);

  const head = (...more: string[]) => sharedStrata("head", out, ...more);
  const first = await head("--steps", "1");
  expect(first.stdout, first.stderr).toContain(`evaluate --run ${out} --data ${data} --metrics nll --out evaluation`);
  expect((await head("--steps", "2")).stderr).toContain("Resume it with --resume");
  expect((await head("--steps", "2", "--resume")).stdout).toContain("Trained 2 steps, code of training images ");
  const other = await head("--kind", "autoregressive", "--steps", "1");
  expect(other.code, other.stderr).toBe(0);
  expect((await sharedStrata("inspect", out)).stdout).toMatch(
    /^heads +independent, step 2; autoregressive, step 1: evaluate --metrics nll, sample --with-head$/m,
  );

  expect(readdirSync(out).filter((name) => name !== "heads")).toEqual(filesBefore);
  expect(checkpointHashes(out)).toEqual(checkpoints);
  await sample(after);
  expect(readFileSync(after)).toEqual(readFileSync(before));
  const withHeads = await measured("with-heads");
  const { headLikelihoods, ...rest } = withHeads;
  expect(rest).toEqual({ ...plain, out: withHeads.out });
  for (const [name, step] of [
    ["independent", 2],
    ["autoregressive", 1],
  ] as const) {
    const { rateBitsPerDim, bitsPerDim, distortionBitsPerDim, ...of } = headLikelihoods[name];
    expect(of).toMatchObject({ step, count: plain.likelihood.count });
    expect(rateBitsPerDim.mean).toBeCloseTo(plain.likelihood.rateBitsPerDim.mean, 6);
    expect(bitsPerDim.mean).toBeCloseTo(rateBitsPerDim.mean + distortionBitsPerDim.mean, 6);
  }
  const csv = readFileSync(join(folder, "with-heads", "likelihood.csv"), "utf8");
  expect(csv.split("\n")[0]).toBe("image,nll,rate,distortion,nll_independent,nll_autoregressive");
  const one = await measured("one", "--with-head", "independent");
  expect(one.headLikelihoods).toEqual({ independent: headLikelihoods.independent });

  const drawn = await sample(after, "--with-head");
  expect(drawn.stdout, drawn.stderr).toMatch(/3 images in .*, their pixels by the autoregressive head in .*: /);
  expect(readFileSync(after)).not.toEqual(readFileSync(before));
  const sheet = join(folder, "pixels.png");
  expect((await sample(sheet, "--with-head", place)).code).toBe(0);
  const { width = 0, height = 0 } = await sharp(sheet).metadata();
  expect(height).toBeGreaterThan(1.9 * width); // two by two, each mean above its draw
  const refused = await sample(after, "--with-head", "--vary", "1");
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("expected none of --guidance-grid")]);
});

test("a run is refined, resumed and sampled with its refinement, of which inspect tells; without one it says how to get it", async () => {
  const [plain, refined] = [join(folder, "plain.npz"), join(folder, "refined.npz")];
  const sample = (out: string, ...more: string[]) =>
    sharedStrata("sample", "--run", run, "--count", "3", "--out", out, ...more);
  const missing = await sample(refined, "--refined");
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain(
    `Expected a refinement in ${join(run, "refinement")}, found none. Train it first: strata refine ${run}`,
  );
  const alone = await sample(refined, "--refine-steps", "4");
  expect(alone.stderr).toContain("--refine-steps: expected --refined with it.");
  const refine = (...more: string[]) => sharedStrata("refine", run, "--groups", "1", ...more);
  const first = await refine("--steps", "1");
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain(`Samples: strata sample --run ${run} --refined`);
  expect((await refine("--steps", "2")).stderr).toContain("Resume it with --resume");
  const second = await refine("--steps", "2", "--resume");
  expect(second.stdout, second.stderr).toContain("Trained 2 steps");
  for (const [out, ...more] of [[plain], [refined, "--refined", "--refine-steps", "2"]]) {
    const { code, stderr } = await sample(out, ...more);
    expect(code, stderr).toBe(0);
  }
  mkdirSync(join(run, "refinement", "calibration")); // as an interrupted one leaves it
  expect((await sample(plain)).stderr).toContain("It has a refinement, whose samples hold together: --refined\n");
  expect(readFileSync(refined)).not.toEqual(readFileSync(plain));
  expect((await sharedStrata("inspect", run)).stdout).toContain("of the first 1 groups, step 2: sample --refined");

  const uncalibrated = await sample(refined, "--refined", "--calibrated");
  expect(uncalibrated.stderr).toContain(`found none. Find some: strata calibrate ${run} --refined --data SOURCE`);
  const held = join(folder, "held");
  for (const [split, each] of Object.entries({ train: 2, validation: 8, test: 8 }))
    await discs(join(held, split), ["red", "blue"], each);
  const small = ["--features", "pixels", "--count", "16", "--temperatures", "0.5,1"];
  const calibrated = await sharedStrata("calibrate", run, "--refined", "--data", held, ...small);
  expect(calibrated.code, calibrated.stderr).toBe(0);
  const place = join(run, "refinement", "calibration");
  const settings = JSON.parse(readFileSync(join(place, "settings.json"), "utf8"));
  settings.sampling = { temperature: [{ resolution: 4, temperature: 0.5 }], guidance: [], refinement: { guidance: 0 } };
  writeFileSync(join(place, "settings.json"), JSON.stringify(settings)); // whatever was found: now something that changes samples
  const byHand = await sample(plain, "--refined", "--temperature", "4:0.5");
  const bySearch = await sample(refined, "--refined", "--calibrated");
  expect(bySearch.stderr).toContain("Calibrated: --refined --temperature 4:0.5.");
  expect([byHand.code, readFileSync(refined)]).toEqual([0, readFileSync(plain)]);
  expect((await sharedStrata("inspect", run)).stdout).toMatch(
    /… calibrated +at step 2, --refined --temperature 4:0\.5/,
  );
  const named = await sample(refined, "--refined", run, "--calibrated"); // by its run: the same refinement and settings
  expect([named.code, readFileSync(refined)]).toEqual([0, readFileSync(plain)]);
  const twice = await sample(refined, "--refined", "--calibrated", "--refine-guidance", "1");
  expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining("since it sets them")]);
});

test("with nothing said but the run, a sheet of samples goes to a new file, and this is told", async () => {
  const { code, stdout, stderr } = await strataWithin(
    `main=$PWD/$2; cd ${folder}; touch samples.png; node $main "\${@:3}"`,
    ...["sample", "--run", run],
  );
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("Not said, so: --count 64, --out samples-2.png.");
  expect(stdout).toContain("64 images in");
  expect(readFileSync(join(folder, "samples.png"), "utf8")).toBe("");
  expect((await sharp(join(folder, "samples-2.png")).metadata()).format).toBe("png");
});

test("a few settings over a preset train, and inspect tells how far the run is", async () => {
  const { training, model } = JSON.parse(readFileSync(join(run, "config.json"), "utf8"));
  const file = join(folder, "few.json");
  writeFileSync(file, JSON.stringify({ preset: "emoji32-small", model, training: { batchSize: training.batchSize } }));
  const out = join(folder, "few");
  const trained = await sharedStrata("train", "--config", file, "--data", data, "--out", out, "--steps", "2");
  expect(trained.code, trained.stderr).toBe(0);
  expect(trained.stderr).toContain("few.json: the preset emoji32-small with ");
  expect(trained.stderr).toContain("batches of 4");
  const { stdout } = await sharedStrata("inspect", out);
  for (const part of [
    "step         2 of 3,000",
    "18 images to train on",
    "checkpoints  step 2",
    "training     not now",
  ])
    expect(stdout).toContain(part);
  expect(JSON.parse((await sharedStrata("inspect", out, "--json")).stdout).run).toMatchObject({
    step: 2,
    trainers: [],
  });
});

test("samples as a grid, as arrays, and as files; the same for the same seed", async () => {
  const sample = (out: string, ...more: string[]) =>
    sharedStrata("sample", "--run", run, "--count", "5", "--out", join(folder, out), ...more);
  const { code, stderr } = await sample("grid.png");
  expect(code, stderr).toBe(0);
  const { width, height } = await sharp(join(folder, "grid.png")).metadata();
  expect(width).toBeGreaterThan(height); // 3 columns, 2 rows
  await sample("again.png", "--batch", "2");
  const [grid, again] = ["grid.png", "again.png"].map((name) => readFileSync(join(folder, name)));
  expect(again.equals(grid)).toBe(true);
  await sample("other.png", "--seed", "9", "--temperature", "0.7", "--output", "sample", "--weights", "raw");
  expect(readFileSync(join(folder, "other.png")).equals(grid)).toBe(false);

  expect((await sample("arrays.npz")).code).toBe(0);
  expect(readFileSync(join(folder, "arrays.npz")).subarray(0, 2).toString()).toBe("PK");
  expect((await sample("files/")).code).toBe(0);
  expect(readdirSync(join(folder, "files")).sort()).toEqual([0, 1, 2, 3, 4].map((index) => `00000${index}.png`));
  const first = await sharp(join(folder, "files", "000000.png")).metadata();
  expect([first.width, first.height, first.channels]).toEqual([8, 8, 3]);
});

test("reconstructions, whole and from the first groups", async () => {
  const reconstruct = (out: string, ...more: string[]) =>
    sharedStrata(
      "reconstruct",
      "--run",
      run,
      "--data",
      data,
      "--split",
      "train",
      "--count",
      "4",
      "--out",
      join(folder, out),
      ...more,
    );
  const whole = await reconstruct("whole.png");
  expect(whole.code, whole.stderr).toBe(0);
  expect((await reconstruct("partial.png", "--groups", "1")).code).toBe(0);
  expect((await reconstruct("none.png", "--groups", "0")).code).toBe(0);
  expect((await reconstruct("cheap.png", "--rate", "0")).code).toBe(0);
  const [a, b, c, d] = ["whole", "partial", "none", "cheap"].map((name) => readFileSync(join(folder, `${name}.png`)));
  expect(a.equals(b)).toBe(false);
  expect(d.equals(c)).toBe(true);
});

test("inspect shows a run, a configuration and a file of weights alike", async () => {
  const parameters = async (what: string) =>
    JSON.parse((await sharedStrata("inspect", what, "--json")).stdout).parameters;
  const own = await parameters(run);
  expect(own).toBeGreaterThan(1000);
  expect(await parameters(join(run, "config.json"))).toBe(own);
  const step = join(run, "checkpoints", "step-8");
  const weights = readdirSync(step).find((name) => /ema.*safetensors/.test(name))!;
  const { stdout } = await sharedStrata("inspect", join(step, weights), "--json");
  expect(JSON.parse(stdout).elements).toBe(own);
  const { stdout: text } = await sharedStrata("inspect", run);
  for (const heading of ["target share", "encoder blocks", "multiply-accumulates", "16×8×8"])
    expect(text).toContain(heading);
});

test("inspect draws the architecture of a run, a preset and a configuration", async () => {
  const drawn = async (what: string, name: string) => {
    const { code, stdout, stderr } = await sharedStrata(
      "inspect",
      what,
      "--diagram",
      join(folder, "drawn", name),
      "--json",
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ diagram: join(folder, "drawn", name) });
    return readFileSync(join(folder, "drawn", name));
  };
  const svg = (await drawn(run, "run.svg")).toString();
  expect(svg).toMatch(/^<svg /);
  expect(svg).toContain("4×4");
  expect(svg).not.toContain("var(--"); // programs other than browsers open it
  expect((await drawn(join(run, "config.json"), "config.svg")).toString()).toBe(svg);
  const png = await sharp(await drawn("cifar10", "cifar10.png")).metadata();
  expect(png).toMatchObject({ format: "png" });
  expect(png.width).toBeGreaterThan(2000);
});

test("doctor finds the engine in order", async () => {
  const noDriver = { VK_DRIVER_FILES: "/nowhere.json", VK_ICD_FILENAMES: "/nowhere.json" }; // `test/webgpu` has one
  const { code, stdout } = await startWith(noDriver, "doctor", "--json", "--threads", "2").ended;
  expect(code).toBe(0);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({
    threads: 2,
    devices: [{ name: "cpu", passed: true }, { name: "webgpu" }, { name: "xla" }],
  });
  expect(report.packages["@jax-js/jax"]).toMatch(/^\d+\.\d+\.\d+/);
});
