import { expect, test } from "vitest";
import { type FixtureName, fixture, fixtureNames } from "../../test/support/fixtures.js";
import { readGoldenJson } from "../../test/support/golden.js";
import { presets } from "../config/index.js";
import { authorsNames } from "../model/index.js";
import { parametersInAuthorsOrder } from "./authors-order.js";

test.each<FixtureName>([...fixtureNames])("%s: the order of the authors' model.parameters()", (name) => {
  const { config, weights } = fixture(name);
  const parameters = parametersInAuthorsOrder(config);
  expect(parameters.map((parameter) => parameter.name)).toEqual(
    readGoldenJson(`${name}/config.json`).derived.parameter_order,
  );
  for (const parameter of parameters) expect(parameter.shape, parameter.name).toEqual(weights(parameter.name).shape);
});

test("no preset has a part of a name that the fixtures have not", () => {
  const partsOf = (names: Iterable<string>) =>
    [...names].flatMap((name) => name.split(".")).filter((part) => !/^\d+$/.test(part));
  const known = new Set(fixtureNames.flatMap((name) => partsOf(fixture(name).names.values())));
  for (const { model } of Object.values(presets)) {
    expect(partsOf(authorsNames(model).values()).filter((part) => !known.has(part))).toEqual([]);
  }
});
