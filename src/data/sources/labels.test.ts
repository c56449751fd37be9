import { expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { labelsByGroup, labelsByLists, prefixOf } from "./labels.js";

test("classes are the names of groups, sorted; an image without one leaves no labels at all, and neither does a single class", () => {
  expect(labelsByGroup(["dog", "cat", "dog"])).toEqual({ classes: ["cat", "dog"], labels: [1, 0, 1] });
  expect(labelsByGroup(["dog", undefined])).toEqual({ classes: [], labels: [undefined, undefined] });
  expect(labelsByGroup(["dog", "dog"])).toEqual({ classes: [], labels: [undefined, undefined] });
  expect(labelsByGroup(["constructor", "__proto__"])).toEqual({
    classes: ["__proto__", "constructor"],
    labels: [1, 0],
  });
});

test("what stands before the first underscore of a file's own name is its prefix", () => {
  expect(["train/n01_2_3.png", "n02_.png", "a_b/c.png", "_a.png"].map(prefixOf)).toEqual([
    "n01",
    "n02",
    undefined,
    undefined,
  ]);
});

const names = ["00000/a.png", "00000/b.png", "c.png"];
const json = (value: unknown): Uint8Array => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const list = (labels: unknown, name = "dataset.json") => ({ name, bytes: json({ labels }) });
const all = [
  ["c.png", 3],
  ["00000\\a.png", 0],
  ["00000/b.png", 1],
];

test("labels come by lists, with classes called by their numbers", () => {
  expect(labelsByLists(names, [list(all)], "a.zip")).toEqual({ classes: ["0", "1", "2", "3"], labels: [0, 1, 3] });
});

test("lists may have a byte-order mark, and be UTF-16", () => {
  const text = `\ufeff${JSON.stringify({ labels: all })}`;
  for (const encoding of ["utf8", "utf16le"] as const) {
    const saved = [{ name: "dataset.json", bytes: Buffer.from(text, encoding) }];
    expect(labelsByLists(names, saved, "a.zip")?.labels).toEqual([0, 1, 3]);
  }
});

test("a list is about the files of its own folder, and may name images that are not there", () => {
  const lists = [
    list([["a.png", 1]], "train/dataset.json"),
    list(
      [
        ["a.png", 0],
        ["b.png", 5],
      ],
      "val/dataset.json",
    ),
  ];
  expect(labelsByLists(["train/a.png", "val/a.png"], lists, "a.zip")).toEqual({ classes: ["0", "1"], labels: [1, 0] });
});

test("a list may say that there are no labels, or nothing of them", () => {
  expect(labelsByLists(names, [list(null)], "a.zip")).toEqual({ classes: [], labels: names.map(() => undefined) });
  expect(labelsByLists(names, [{ name: "dataset.json", bytes: json("{}") }], "a.zip")).toBeUndefined();
});

test("a label may be one-hot, a name in NFD, and a few images may have none", () => {
  const entries = [
    ["a.png", [0, 0, 1]],
    ["e\u0301.png", [1, 0, 0]],
  ];
  expect(labelsByLists(["a.png", "b.png", "\u00e9.png"], [list(entries)], "a.zip")).toEqual({
    classes: ["0", "1", "2"],
    labels: [2, undefined, 0],
  });
});

test.each<[string, unknown, string]>([
  ["no JSON", "{labels", "it is no JSON ("],
  ["no UTF-8", "\xff", "it is no JSON ("],
  ["a list", [], "it is no object"],
  ["nothing", "null", "it is no object"],
  ["labels that are text", { labels: "cat" }, "its labels are no list"],
  ["labels in an object", { labels: { "c.png": 0 } }, "its labels are no list"],
  ["an entry that is no pair", { labels: [...all, ["c.png"]] }, `its entry 3 is ["c.png"]`],
  ["an entry with more", { labels: [["c.png", 1, 2]] }, `its entry 0 is ["c.png",1,2]`],
  ["a name that is a number", { labels: [[1, 1]] }, "its entry 0 is [1,1]"],
  ["a label that is a vector", { labels: [["c.png", [0.5, 1]]] }, `its entry 0 is ["c.png",a list of 2]`],
  ["a negative label", { labels: [["c.png", -1]] }, `its entry 0 is ["c.png",-1]`],
  ["a fraction", { labels: [["c.png", 0.5]] }, `its entry 0 is ["c.png",0.5]`],
  ["a huge label", { labels: [["c.png", 65536]] }, `its entry 0 is ["c.png",65536]`],
  ["an image twice", { labels: [...all, ["00000/a.png", 0]] }, `it names "00000/a.png" twice`],
  ["two ones", { labels: [["c.png", [1, 1]]] }, `its entry 0 is ["c.png",a list of 2]`],
  ["most images left out", { labels: all.slice(0, 1) }, "it has no label for 00000/a.png and 1 of the other 2 images"],
  ["deep nesting", `{"labels":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "its entry 0 is [a list of 1]"],
])("refuses %s", (_, value, message) => {
  const bytes = value === "\xff" ? Uint8Array.of(0xff) : json(value);
  const attempt = () => labelsByLists(names, [{ name: "dataset.json", bytes }], "a.zip");
  expect(attempt).toThrow(UserError);
  expect(attempt).toThrow(message);
  expect(attempt).toThrow("in dataset.json of a.zip, but ");
});

test("refuses a list beyond any set of images, before it is parsed", () => {
  const bytes = Buffer.alloc(2 ** 26 + 1, " ");
  expect(() => labelsByLists(names, [{ name: "dataset.json", bytes }], "a")).toThrow("it has 67108865 bytes; at most");
});
