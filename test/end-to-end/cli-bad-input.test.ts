/** @file Bad input: exit code 2 and one message that says what was expected, what came and what to do; never a stack. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { discs, sharedStrata, temporaryFolder, tiny } from "../support/command-line.js";

const folder = temporaryFolder();
const data = join(folder, "discs");
const run = join(folder, "run");
const fresh = join(folder, "fresh");

beforeAll(async () => {
  await discs(data, ["red", "blue"], 12);
  mkdirSync(join(folder, "empty"));
  mkdirSync(join(folder, "text"));
  writeFileSync(join(folder, "text", "note.png"), "this is no picture");
  writeFileSync(join(folder, "broken.json"), "{ not json");
  writeFileSync(join(folder, "unknown.json"), '{ "preset": "cifar10", "batchSize": 3 }');
  const { code, stderr } = await sharedStrata("train", ...tiny, "--data", data, "--out", run, "--steps", "2");
  expect(stderr, "training that the tests need").not.toContain("strata:");
  expect(code).toBe(0);
});

const at = (...names: string[]) => join(folder, ...names);

test.each([
  {
    name: "a missing folder",
    words: () => ["train", ...tiny, "--data", at("nowhere"), "--out", fresh],
    messages: ["nowhere"],
  },
  {
    name: "an empty folder",
    words: () => ["train", ...tiny, "--data", at("empty"), "--out", fresh],
    messages: ["empty", "PNG"],
  },
  {
    name: "a text file named .png",
    words: () => ["train", ...tiny, "--data", at("text"), "--out", fresh],
    messages: ["note.png"],
  },
  {
    name: "an unknown kind of source",
    words: () => ["train", ...tiny, "--data", "video:films", "--out", fresh],
    messages: ["video", "emoji", "folder:"],
  },
  {
    name: "an unknown preset",
    words: () => ["train", "--preset", "emoji32-smal", "--data", data, "--out", fresh],
    messages: ["emoji32-smal", "did you mean emoji32-small"],
  },
  {
    name: "neither preset nor configuration",
    words: () => ["train", "--data", data, "--out", fresh],
    messages: ["--preset NAME or --config FILE", "neither"],
  },
  {
    name: "an unknown key in a configuration over a preset",
    words: () => ["train", "--config", at("unknown.json"), "--data", data, "--out", fresh],
    messages: ["unknown.json", 'Unknown key "batchSize": did you mean training.batchSize?'],
  },
  {
    name: "a configuration that is no JSON",
    words: () => ["train", "--config", at("broken.json"), "--data", data, "--out", fresh],
    messages: ["broken.json", "Expected a configuration as JSON", "line 1"],
  },
  {
    name: "a setting of an unknown key",
    words: () => ["train", ...tiny, "training.batchsize=3", "--data", data, "--out", fresh],
    messages: ["training.batchsize", "did you mean batchSize"],
  },
  {
    name: "a setting out of range",
    words: () => ["train", ...tiny, "optimizer.maxLearningRate=-1", "--data", data, "--out", fresh],
    messages: ["maxLearningRate", ">0"],
  },
  {
    name: "a setting without a value",
    words: () => ["train", ...tiny, "training.flips", "--data", data, "--out", fresh],
    messages: ["path=value", "training.flips"],
  },
  {
    name: "a run folder that holds a run already",
    words: () => ["train", ...tiny, "--data", data, "--out", run],
    messages: ["run", "--resume"],
  },
  {
    name: "a checkpoint of another configuration",
    words: () => ["train", ...tiny, "model.latentChannels=8", "--data", data, "--out", run, "--resume"],
    messages: ["model.latentChannels", "16", "8"],
  },
  {
    name: "weights of another configuration",
    words: () => ["train", ...tiny, "model.latentChannels=8", "--data", data, "--out", fresh, "--init", run],
    messages: ["--init", "model.latentChannels", "16", "8"],
  },
  {
    name: "a conditional model on images of another number of classes",
    words: () => ["train", ...tiny, "model.classes=5", "--data", data, "--out", fresh],
    messages: ["classes", "5", "2"],
  },
  {
    name: "no images to train on",
    words: () => ["train", ...tiny, "--out", fresh],
    messages: ["--data SOURCE"],
  },
  {
    name: "a run that is none",
    words: () => ["sample", "--run", data, "--count", "1", "--out", at("s.png")],
    messages: ["run folder", "discs"],
  },
  {
    name: "a checkpoint that is not there",
    words: () => ["sample", "--run", run, "--checkpoint", "77", "--count", "1", "--out", at("s.png")],
    messages: ["77"],
  },
  {
    name: "a kind of output that is not known",
    words: () => ["sample", "--run", run, "--count", "1", "--out", at("s.jpeg")],
    messages: [".png", ".npz", ".jpeg"],
  },
  {
    name: "output below a file",
    words: () => ["sample", "--run", run, "--out", at("broken.json", "s.png")],
    messages: ["--out", "broken.json is a file, not a folder"],
  },
  {
    name: "a run folder below a file",
    words: () => ["train", ...tiny, "--data", data, "--out", at("broken.json", "run")],
    messages: ["--out", "broken.json is a file, not a folder"],
  },
  {
    name: "a label for a model without classes",
    words: () => ["sample", "--run", run, "--label", "cat", "--count", "1", "--out", at("s.png")],
    messages: ["--label cat", "without classes"],
  },
  {
    name: "guidance that is no pair of numbers",
    words: () => ["sample", "--run", run, "--guidance", "strong", "--count", "1", "--out", at("s.png")],
    messages: ["--guidance strong", "MEAN,VARIANCE"],
  },
  {
    name: "more groups than there are",
    words: () => ["reconstruct", "--run", run, "--data", data, "--groups", "9", "--count", "1", "--out", at("r.png")],
    messages: ["9", "2"],
  },
  {
    name: "a picture under another name",
    words: () => ["reconstruct", "--run", run, "--data", data, "--count", "1", "--out", at("r.npz")],
    messages: [".png"],
  },
  {
    name: "something that cannot be inspected",
    words: () => ["inspect", at("nothing")],
    messages: ["run folder, a preset or a file", "nothing", "emoji32-small"],
  },
  {
    name: "a diagram in a format that is not offered",
    words: () => ["inspect", "emoji32", "--diagram", at("diagram.pdf")],
    messages: ["--diagram", ".svg or .png", "diagram.pdf"],
  },
  {
    name: "a diagram of weights alone",
    words: () => ["inspect", at("weights.safetensors"), "--diagram", at("diagram.svg")],
    messages: ["--diagram", "a run, a preset or a configuration", "weights.safetensors"],
  },
])("$name", async ({ words, messages }) => {
  const { code, stdout, stderr } = await sharedStrata(...words());
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
  for (const message of messages) expect(stderr).toContain(message);
  expect(stderr.match(/^strata: /gm), stderr).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at /m);
});
