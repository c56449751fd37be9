import { expect, test } from "vitest";
import { type FixtureName, fixture, fixtureNames } from "../../test/support/fixtures.js";
import { readGoldenJson } from "../../test/support/golden.js";
import { namings } from "./namings.js";

test.each<FixtureName>([...fixtureNames])("%s: the authors' names, order and shapes", (name) => {
  const { config, weights } = fixture(name);
  const [{ parameters }] = namings(config);
  expect(parameters.map((parameter) => parameter.name)).toEqual(
    readGoldenJson(`${name}/config.json`).derived.parameter_order,
  );
  for (const parameter of parameters) expect(parameter.shape, parameter.name).toEqual(weights(parameter.name).shape);
});
