/** @file The map from the paper to the code leads somewhere. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const map = new URL("../../docs/paper-map.md", import.meta.url);
const links = [...readFileSync(map, "utf8").matchAll(/\[([^\]]+)\]\((\.\.\/[^)]+)\)/g)];

test("every file that the map of the paper names is there, under the name it is called by", () => {
  expect(links.length).toBeGreaterThan(40);
  expect(links.filter(([, , path]) => !existsSync(new URL(path, map))).map(([, , path]) => path)).toEqual([]);
  expect(links.filter(([, name, path]) => !path.endsWith(`/${name}`)).map(([link]) => link)).toEqual([]);
});
