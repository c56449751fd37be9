import { expect, test } from "vitest";
import { resolvePreset } from "../../config/index.js";
import { UserError } from "../../errors.js";
import type { ParameterTree, TrainedModel } from "../../inference/trained-model.js";
import { parseLabels } from "./sampling-options.js";

/** A model that was trained on three classes, or on none. */
function model(classes: number): TrainedModel {
  const config = resolvePreset("emoji32-small");
  const names = ["cats", "dogs", "2"].slice(0, classes);
  const data = { name: "folder:pets", count: 30, classes: names, classCounts: names.map(() => 10) };
  return { config: { ...config, model: { ...config.model, classes } }, parameters: {} as ParameterTree, step: 1, data };
}

test("labels by name before index, all in turn, none as the last row", () => {
  expect([...parseLabels("dogs", 2, model(3))]).toEqual([1, 1]);
  expect([...parseLabels("0", 2, model(3))]).toEqual([0, 0]);
  expect([...parseLabels("2", 1, model(3))]).toEqual([2]);
  expect([...parseLabels("all", 5, model(3))]).toEqual([0, 1, 2, 0, 1]);
  expect([...parseLabels("none", 2, model(3))]).toEqual([3, 3]);
});

test("what a word is taken for is said once, and so is a class called all", () => {
  const notices: string[] = [];
  expect([...parseLabels("DOGS", 3, model(3), (message) => notices.push(message))]).toEqual([1, 1, 1]);
  const pets = model(3);
  const called = { ...pets, data: { ...pets.data, classes: ["all", "dogs", "2"] } };
  expect([...parseLabels("all", 2, called, (message) => notices.push(message))]).toEqual([0, 1]);
  expect([...parseLabels("name:all", 2, called, (message) => notices.push(message))]).toEqual([0, 0]);
  expect(notices).toEqual([
    '`label: "DOGS"`: the class dogs.',
    "--label all: every class in turn; name:all is the class of that name.",
  ]);
});

test("labels that the model does not know are refused, naming what it knows", () => {
  expect(() => parseLabels("dgos", 1, model(3))).toThrow(/`label: "dgos"`.*0 to 2.*nearest names are dogs/);
  expect(() => parseLabels("3", 1, model(3))).toThrow(UserError);
  expect(() => parseLabels("cats", 1, model(0))).toThrow(/trained without classes/);
});
