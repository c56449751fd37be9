/** @file Other people's weights by the command line: imported, used, trained further, and exported again. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { compilePriorPass } from "../../src/inference/programs/prior-pass.js";
import { bytesOf, type Tensor } from "../../src/io/tensors/tensor.js";
import { readTorchFile } from "../../src/io/torch/torch-file.js";
import { openRun } from "../../src/training/run/open-run.js";
import { saveModel } from "../../src/training/run/save-model.js";
import { discs, sharedStrata, temporaryFolder } from "../support/command-line.js";
import { maxRelativeError } from "../support/distance.js";
import { type FixtureName, fixture, fixtureNames } from "../support/fixtures.js";
import { readGoldenJson } from "../support/golden.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder, ...names);
const file = (name: FixtureName, of = "weights.pt") => join("test", "fixtures", name, of);
const configuration = (name: FixtureName) => at(`${name}.json`);

/** Runs a command that must succeed, and gives its result. */
async function done(...words: string[]) {
  const { code, stdout, stderr } = await sharedStrata(...words, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** Runs a command that must be refused, and gives its message. */
async function refused(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await sharedStrata(...words);
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
  expect(stderr).not.toMatch(/^\s+at /m);
  return stderr;
}

/** Names, types, shapes and bytes of the tensors in a PyTorch file, in order. */
async function tensorsOf(path: string): Promise<string[]> {
  const tensors = (await readTorchFile(path)) as Map<string, Tensor>;
  return [...tensors].map(
    ([name, tensor]) => `${name} ${tensor.dtype} [${tensor.shape}] ${Buffer.from(bytesOf(tensor)).toString("base64")}`,
  );
}

beforeAll(async () => {
  await discs(at("discs"), ["red", "orange", "green", "blue", "violet"], 4, 16); // as many classes as the models have
  for (const name of fixtureNames) {
    writeFileSync(configuration(name), JSON.stringify(fixture(name).config));
    await done("import", file(name), "--config", configuration(name), "--out", at(name));
  }
});

/** The golden sample of that name, from an imported run. */
async function sampleError(name: FixtureName, output: string) {
  const { config, parameters } = await openRun(at(name));
  const { sample, sampleNoise } = fixture(name);
  const { classes, superResolution } = config.model;
  const noise = sampleNoise();
  const own = classes > 0 ? (sample("label").data as Int32Array) : new Int32Array();
  const program = await compilePriorPass(config, noise[0].shape[0], { drawn: false }, parameters);
  const { images } = await program.run({
    latents: noise.map(({ data }) => data as Float32Array),
    ...(classes > 0 ? { labels: own } : {}),
    ...(superResolution ? { lowResolution: sample("img_lr_augmented").data as Float32Array } : {}),
  });
  await program.dispose();
  return maxRelativeError(images, sample(output).data);
}

test.each(fixtureNames)("%s: imported, the stored samples come out", async (name) => {
  expect(await sampleError(name, "out.unguided")).toBeLessThan(2e-5);
});

test.each(fixtureNames)("%s: exported, the authors' file comes out again", async (name) => {
  const out = at("exported", `${name}.pt`);
  const result = await done("export", at(name), "--format", "torch", "--out", out);
  expect(result).toMatchObject({ out, format: "torch", step: 0 });
  expect(await tensorsOf(out)).toEqual(await tensorsOf(file(name)));
});

test("a file of JAX makes the run that the file of PyTorch makes", async () => {
  const out = at("from-jax");
  const result = await done("import", file("cond16", "weights.p"), "--config", configuration("cond16"), "--out", out);
  expect(result).toMatchObject({ format: "JAX", parameters: 308422, imported: ["ema"], step: 0 });
  const weights = (run: string) => readFileSync(join(run, "checkpoints", "step-0", "ema.safetensors"));
  expect(weights(out).equals(weights(at("cond16")))).toBe(true);
});

const data = () => ["--data", `folder:${at("discs")}`];

test("reconstruct works on what was imported, and inspect", async () => {
  const words = ["--split", "train", "--count", "2", "--out", at("pictures.png")];
  expect(await done("reconstruct", "--run", at("superres16"), ...data(), ...words)).toMatchObject({ count: 2 });
  expect((await done("inspect", at("superres16"))).parameters).toBe(339222);
});

test("training starts from what was imported", async () => {
  const [run, tuned] = [at("uncond16"), at("tuned")];
  const words = ["--config", configuration("uncond16"), ...data(), "--out", tuned, "--steps", "2"];
  expect(await done("train", ...words, "--init", run)).toMatchObject({ step: 2 });
  const [a, b] = await Promise.all([run, tuned].map(async (run) => (await openRun(run)).parameters));
  const change = b.generator.output.weight.map((value, index) => Math.abs(value - a.generator.output.weight[index]));
  expect(Math.max(...change)).toBeGreaterThan(0);
  expect(Math.max(...change)).toBeLessThan(1e-3); // two small steps away, not somewhere else
});

test("samples by the command line, by a class that was named", async () => {
  const { classes } = fixture("cond16").config.model;
  const [names, run] = [at("classes.txt"), at("named")];
  writeFileSync(names, Array.from({ length: classes }, (_, index) => `class ${index}\n`).join(""));
  await done("import", file("cond16"), "--config", configuration("cond16"), "--out", run, "--classes", names);
  const sample = async (of: string, label: string) => {
    const out = `${of}.npz`;
    await done("sample", "--run", of, "--label", label, "--guidance", "1,1", "--count", "2", "--out", out);
    return readFileSync(out);
  };
  expect((await sample(run, "class 1")).equals(await sample(at("cond16"), "1"))).toBe(true);
});

test("a training checkpoint is imported whole: average, weights, moments, and how far it was", async () => {
  const run = at("state");
  const words = ["--config", configuration("uncond16"), "--out", run];
  expect(await done("import", file("uncond16", "train_state.pt"), ...words)).toEqual({
    ...{ out: run, format: "PyTorch", parameters: 114294, step: 3 },
    imported: ["ema", "parameters", "moments"],
    notes: ["Took 124 tensors from `model`; averages from `ema_parameters`.", "Not used: `iterations`."],
  });
  expect(readdirSync(join(run, "checkpoints", "step-3")).sort()).toEqual([
    ...["ema.safetensors", "manifest.json", "optimizer.safetensors", "parameters.safetensors"],
  ]);
  const [ema, raw] = [at("ema.pt"), at("raw.pt")];
  await done("export", run, "--format", "torch", "--out", ema);
  await done("export", run, "--format", "torch", "--out", raw, "--weights", "raw", "--checkpoint", "3");
  const state = (await readTorchFile(file("uncond16", "train_state.pt"))) as Map<
    string,
    Map<string, Tensor> & Tensor[]
  >;
  const bytes = (tensors: Iterable<Tensor>) => Buffer.concat([...tensors].map(bytesOf));
  const exported = async (path: string) => bytes(((await readTorchFile(path)) as Map<string, Tensor>).values());
  expect((await exported(raw)).equals(bytes(state.get("model")!.values()))).toBe(true);
  expect((await exported(ema)).equals(bytes(state.get("ema_parameters")!))).toBe(true);
  const message = await refused("train", "--resume", "--data", `folder:${at("discs")}`, "--out", run, "--steps", "5");
  expect(message).toContain("--init");
});

test("the authors' own configuration is read as it is, and inspect tells what a file holds", async () => {
  const { model } = readGoldenJson("uncond16/config.json");
  const [module, run] = [at("theirs.py"), at("theirs")];
  const python = JSON.stringify(model).replaceAll("false", "False").replaceAll("null", "None");
  writeFileSync(
    module,
    `from ml_collections import ConfigDict\n\ndef get_config():\n    return ConfigDict({"model": ${python}})\n`,
  );
  const { code, stdout, stderr } = await sharedStrata("import", file("uncond16"), "--config", module, "--out", run);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^Took 124 tensors\.\n/);
  expect(stderr).toContain("has no dataset, training, optimizer; those settings are the ones of cifar10.");
  const weights = (of: string) => readFileSync(join(of, "checkpoints", "step-0", "ema.safetensors"));
  expect(weights(run).equals(weights(at("uncond16")))).toBe(true);
  const inspected = await sharedStrata("inspect", file("uncond16", "train_state.pt"));
  expect(inspected.stdout).toMatch(
    /format {5}PyTorch, pickle protocol 2\n.*optimizer {2}Adamax, 124 parameters\n.*values {5}all are numbers/s,
  );
});

test("a run whose weights are no numbers is refused in one sentence, and exported with a word", async () => {
  const { config, parameters } = await openRun(at("uncond16"));
  parameters.generator.output.bias[0] = Number.NaN;
  const run = at("broken");
  await saveModel(run, { config, data: { name: "none", count: 0, classes: [], classCounts: [] } }, { ema: parameters });
  const message = await refused("sample", "--run", run, "--count", "1", "--out", at("none.png"));
  expect(message).toMatch(
    /hold values that are no numbers: generator\.output\.bias \(1 NaN\)\. No image can be made with them\./,
  );
  const out = at("broken.pt");
  expect((await done("export", run, "--format", "torch", "--out", out)).notes).toEqual([
    expect.stringContaining("generator.output.bias (1 NaN)"),
  ]);
  expect(await refused("import", out, ...wanted())).toContain("outproj.bias (1 NaN). Take an earlier checkpoint.");
  expect((await done("inspect", out)).tensors.filter(({ flaws }: { flaws?: object }) => flaws)).toHaveLength(1);
});

test("safetensors go out and in", async () => {
  const [path, run, out] = [at("ours.safetensors"), at("again"), at("again.pt")];
  await done("export", at("cond16"), "--format", "safetensors", "--out", path);
  const { format } = await done("import", path, "--config", configuration("cond16"), "--out", run);
  expect(format).toBe("safetensors");
  await done("export", run, "--format", "torch", "--out", out);
  expect(await tensorsOf(out)).toEqual(await tensorsOf(file("cond16")));
});

test("ONNX goes out, into a folder", async () => {
  const out = at("onnx");
  const { files } = await done("export", at("uncond16"), "--format", "onnx", "--out", out);
  expect(files).toEqual(["sampler", "encoder", "reconstructor"].map((name) => join(out, `${name}.onnx`)));
  expect(readdirSync(out).sort()).toEqual(["encoder.onnx", "reconstructor.onnx", "sampler.onnx"]);
});

const wanted = () => ["--config", configuration("uncond16"), "--out", at("fresh")];

test.each<[string, () => string[], RegExp]>([
  [
    "a folder with a run",
    () => ["import", file("uncond16"), "--config", configuration("uncond16"), "--out", at("cond16")],
    /Expected a new or an empty folder at .*cond16, but it holds \w+.*\. Give another folder/,
  ],
  [
    "weights of another model",
    () => ["import", file("cond16"), ...wanted()],
    /Expected the 124 parameters of this model in .*cond16.*do not fit:\n(.*\n)+Give the configuration that the weights were trained with\./,
  ],
  [
    "names of other classes",
    () => [
      "import",
      file("cond16"),
      "--config",
      configuration("cond16"),
      "--out",
      at("fresh"),
      "--classes",
      configuration("cond16"),
    ],
    /--classes .*: expected \d+ lines, one for each class of the model, got 1/,
  ],
  [
    "an unknown format",
    () => ["export", at("cond16"), "--format", "h5", "--out", at("x")],
    /Allowed choices are safetensors, torch, onnx/,
  ],
  [
    "names in a torch file",
    () => ["export", at("cond16"), "--format", "torch", "--names", "ours", "--out", at("x")],
    /--names ours: expected with --format safetensors alone/,
  ],
  [
    "a place that cannot be written",
    () => ["export", at("cond16"), "--format", "torch", "--out", at("discs")],
    /--out .*discs: expected a file, but a folder of that name is there/,
  ],
])("refuses %s, and leaves nothing behind", async (_, words, message) => {
  const before = readdirSync(folder);
  expect(await refused(...words())).toMatch(message);
  expect(readdirSync(folder)).toEqual(before);
  expect(existsSync(at("fresh"))).toBe(false);
});
