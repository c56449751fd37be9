import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { zipOf } from "../../../test/support/archives.js";
import { temporaryFolder, writeFiles } from "../../../test/support/images.js";
import { UserError } from "../../errors.js";
import type { Layout } from "./folder-layout.js";
import { imageFilesListing } from "./image-files.js";

const folder = await temporaryFolder();
let sets = 0;

const writeSet = (names: readonly string[], files: Record<string, string | Uint8Array> = {}) =>
  writeFiles(join(folder, `${sets++}`), { ...Object.fromEntries(names.map((name) => [name, ""])), ...files });

/** What is made of a set: its images, each as "split name class", what is not used, and what is said. */
async function listed(path: string, layout?: Layout) {
  await using listing = await imageFilesListing(path, { layout });
  const { images, classes, unused = [], notices = [], refused } = listing;
  return {
    images: images.map(({ name, split, label }) =>
      [split, name, ...(label === undefined ? [] : [classes[label]])].join(" "),
    ),
    unused: unused.map(({ what, count, files }) => `${count} ${what}: ${files.join(", ")}`),
    notices: notices.join("\n"),
    refused,
  };
}

test.each<[string, string[], string[], RegExp]>([
  [
    "a folder around classes",
    ["photos/cats/1.jpg", "photos/dogs/2.jpg"],
    ["train photos/cats/1.jpg cats", "train photos/dogs/2.jpg dogs"],
    /^Folders taken for classes: 2 \(cats, dogs\)\. If they are not, give `layout: "flat"`\.$/,
  ],
  [
    "folders around splits",
    ["x/y/train/cats/1.jpg", "x/y/train/dogs/1.jpg", "x/y/val/dogs/2.jpg", "x/y/3.jpg"],
    ["train x/y/train/cats/1.jpg cats", "train x/y/train/dogs/1.jpg dogs", "validation x/y/val/dogs/2.jpg dogs"],
    /^Folders taken for splits: train \(train\), validation \(val\)\. If they are classes, give `layout: "classes"`\.\nFolders taken for classes: 2 \(cats, dogs\)\. If they are not, give `layout: "splits"`\.$/,
  ],
  [
    "one split around all",
    ["test/cats/1.jpg", "test/dogs/2.jpg"],
    ["train test/cats/1.jpg cats", "train test/dogs/2.jpg dogs"],
    /Everything lies in test: it is taken for the whole set/,
  ],
  [
    "a folder of training images around all",
    ["set/Training/cats/1.jpg", "set/Training/dogs/2.jpg"],
    ["train set/Training/cats/1.jpg cats", "train set/Training/dogs/2.jpg dogs"],
    /splits: train \(Training\)/,
  ],
  [
    "a single class",
    ["photos/cats/1.jpg", "photos/cats/2.jpg"],
    ["train photos/cats/1.jpg", "train photos/cats/2.jpg"],
    /^All images lie in one folder \(photos\/cats\), so there are no classes\.$/,
  ],
  [
    "a single class to train on",
    ["train/cats/1.jpg", "test/cats/2.jpg"],
    ["test test/cats/2.jpg", "train train/cats/1.jpg"],
    /splits: train \(train\), test \(test\)/,
  ],
  ["no folders", ["1.jpg", "2.jpg"], ["train 1.jpg", "train 2.jpg"], /^$/],
  ["plain folders", ["a/1.jpg", "b/2.jpg"], ["train a/1.jpg a", "train b/2.jpg b"], /classes: 2 \(a, b\)/],
  [
    "training/ and testing/",
    ["training/cats/1.jpg", "training/dogs/1.jpg", "testing/cats/2.jpg"],
    ["test testing/cats/2.jpg cats", "train training/cats/1.jpg cats", "train training/dogs/1.jpg dogs"],
    /splits: train \(training\), test \(testing\)/,
  ],
  [
    "train/ and dev/",
    ["train/1.jpg", "dev/2.jpg"],
    ["validation dev/2.jpg", "train train/1.jpg"],
    /splits: train \(train\), validation \(dev\)/,
  ],
  [
    "folders that are nested twice, beside images to predict",
    ["seg_train/seg_train/sea/1.jpg", "seg_train/seg_train/ice/2.jpg", "seg_test/seg_test/sea/3.jpg", "seg_pred/4.jpg"],
    [
      "test seg_test/seg_test/sea/3.jpg sea",
      "train seg_train/seg_train/ice/2.jpg ice",
      "train seg_train/seg_train/sea/1.jpg sea",
    ],
    /splits: train \(seg_train\), test \(seg_test\)/,
  ],
  [
    "years, and a folder around images",
    ["train2017/images/1.jpg", "val2017/images/2.jpg", "test2017/images/3.jpg"],
    ["test test2017/images/3.jpg", "train train2017/images/1.jpg", "validation val2017/images/2.jpg"],
    /train \(train2017\), validation \(val2017\), test \(test2017\)/,
  ],
  [
    "words in front and behind, and in capitals",
    ["images_train/1.jpg", "images_test/2.jpg"],
    ["test images_test/2.jpg", "train images_train/1.jpg"],
    /train \(images_train\), test \(images_test\)/,
  ],
  [
    "names of many words",
    ["DIV2K_train_HR/1.png", "DIV2K_valid_HR/2.png"],
    ["train DIV2K_train_HR/1.png", "validation DIV2K_valid_HR/2.png"],
    /train \(DIV2K_train_HR\)/,
  ],
  [
    "abbreviations in camel case",
    ["imagesTr/1.png", "imagesTs/2.png"],
    ["train imagesTr/1.png", "test imagesTs/2.png"],
    /train \(imagesTr\), test \(imagesTs\)/,
  ],
  [
    "held-out images alone",
    ["val/1.jpg", "test/2.jpg"],
    ["test test/2.jpg", "validation val/1.jpg"],
    /taken for splits/,
  ],
  [
    "splits inside classes",
    ["cat/train/1.jpg", "cat/test/2.jpg", "dog/train/3.jpg", "dog/test/4.jpg"],
    ["test cat/test/2.jpg cat", "train cat/train/1.jpg cat", "test dog/test/4.jpg dog", "train dog/train/3.jpg dog"],
    /splits: train \(train\), test \(test\).*\n.*classes: 2 \(cat, dog\)/,
  ],
  [
    "classes that are called like splits",
    ["train/1.jpg", "tram/2.jpg"],
    ["train train/1.jpg train", "train tram/2.jpg tram"],
    /classes: 2 \(train, tram\).*\nFolders that could be splits, but do not fit together: train\. If they are, give `layout: "splits"`\./,
  ],
  [
    "classes that are valid and invalid",
    ["valid/1.jpg", "invalid/2.jpg"],
    ["train invalid/2.jpg invalid", "train valid/1.jpg valid"],
    /do not fit together: valid\./,
  ],
  [
    "objects with such words",
    ["train_station/1.jpg", "test_tube/2.jpg"],
    ["train test_tube/2.jpg test_tube", "train train_station/1.jpg train_station"],
    /could be splits/,
  ],
  [
    "codes of languages",
    ["en/1.jpg", "tr/2.jpg", "te/3.jpg"],
    ["train en/1.jpg en", "train te/3.jpg te", "train tr/2.jpg tr"],
    /classes: 3/,
  ],
  [
    "a class that only test images have",
    ["train/a/1.jpg", "train/b/2.jpg", "test/c/3.jpg"],
    ["test test/c/3.jpg c", "train train/a/1.jpg a", "train train/b/2.jpg b"],
    /No training images of 1 of the classes: c\./,
  ],
  [
    "folders that count by thousands",
    ["00000/img00000000.png", "00000/img00000999.png", "00001/img00001000.png"],
    ["train 00000/img00000000.png", "train 00000/img00000999.png", "train 00001/img00001000.png"],
    /Folders that only count the images \(00000, 00001\) are not classes\. If they are, give `layout: "classes"`\./,
  ],
  ["digits", ["0/1.png", "1/2.png"], ["train 0/1.png 0", "train 1/2.png 1"], /classes: 2 \(0, 1\)/],
  [
    "folders inside classes",
    ["a/x/1.png", "b/2.png"],
    ["train a/x/1.png a", "train b/2.png b"],
    /Folders inside class folders are ignored\./,
  ],
])("splits and classes are found with %s", async (_, names, images, notices) => {
  const found = await listed(await writeSet(names));
  expect(found.images).toEqual(images);
  expect(found.notices).toMatch(notices);
});

test.each<[string, string[], string[], string[]]>([
  [
    "an image beside classes",
    ["cats/1.jpg", "dogs/2.jpg", "3.jpg"],
    ["train cats/1.jpg cats", "train dogs/2.jpg dogs"],
    ["1 image outside the class folders: 3.jpg"],
  ],
  [
    "an image beside a folder around classes",
    ["set/cats/1.jpg", "set/dogs/2.jpg", "3.jpg"],
    ["train set/cats/1.jpg cats", "train set/dogs/2.jpg dogs"],
    ["1 image outside the class folders: 3.jpg"],
  ],
  [
    "most images beside folders",
    ["cats/1.jpg", "dogs/2.jpg", "3.jpg", "4.jpg", "5.jpg"],
    ["train 3.jpg", "train 4.jpg", "train 5.jpg", "train cats/1.jpg", "train dogs/2.jpg"],
    [],
  ],
  [
    "test images without classes",
    ["train/a/1.jpg", "train/b/2.jpg", "test/3.jpg", "test/4.jpg"],
    ["train train/a/1.jpg a", "train train/b/2.jpg b"],
    ["2 images outside the class folders: test/3.jpg, test/4.jpg"],
  ],
  [
    "test images in one folder that is no class",
    ["train/a/1.jpg", "train/b/2.jpg", "test/unknown/3.jpg"],
    ["train train/a/1.jpg a", "train train/b/2.jpg b"],
    ["1 image outside the class folders: test/unknown/3.jpg"],
  ],
  [
    "unlabelled images",
    ["train/1.jpg", "test/2.jpg", "unlabeled/3.jpg", "samples/4.jpg"],
    ["test test/2.jpg", "train train/1.jpg"],
    ["1 image outside the split folders: samples/4.jpg", "1 unlabelled image: unlabeled/3.jpg"],
  ],
  [
    "test images beside classes",
    ["cat/1.jpg", "dog/2.jpg", "test/cat/3.jpg", "unlabeled/4.jpg"],
    ["train cat/1.jpg cat", "train dog/2.jpg dog", "test test/cat/3.jpg cat"],
    ["1 unlabelled image: unlabeled/4.jpg"],
  ],
  [
    "test images without classes beside classes",
    ["cat/1.jpg", "dog/2.jpg", "test/3.jpg"],
    ["train cat/1.jpg cat", "train dog/2.jpg dog"],
    ["1 image outside the class folders: test/3.jpg"],
  ],
])("%s are left out where the others have labels, and named", async (_, names, images, unused) => {
  const found = await listed(await writeSet(names));
  expect(found.images).toEqual(images);
  expect(found.unused).toEqual(unused);
});

test.each<[Layout, string[], string[]]>([
  ["flat", ["train/1.jpg", "test/2.jpg"], ["train test/2.jpg", "train train/1.jpg"]],
  ["classes", ["train/1.jpg", "test/2.jpg"], ["train test/2.jpg test", "train train/1.jpg train"]],
  [
    "splits",
    ["train/a/1.jpg", "train/b/2.jpg", "test/3.jpg"],
    ["test test/3.jpg", "train train/a/1.jpg", "train train/b/2.jpg"],
  ],
  ["splits", ["train/1.jpg", "my_test/2.jpg"], ["test my_test/2.jpg", "train train/1.jpg"]],
  ["splits/classes", ["train/a/1.jpg", "other_test/b/2.jpg"], ["test other_test/b/2.jpg b", "train train/a/1.jpg a"]],
  ["classes/splits", ["a/train/1.jpg", "b/test/2.jpg"], ["train a/train/1.jpg a", "test b/test/2.jpg b"]],
])("layout %s counts more than names", async (layout, names, images) => {
  const path = await writeSet(names, { "dataset.json": JSON.stringify({ labels: null }) });
  const found = await listed(path, layout);
  expect(found.images).toEqual(images);
  expect(found.notices).not.toContain('give `layout: "classes"`.');
});

test.each<[Layout, string[], string]>([
  ["classes", ["a/1.jpg"], "Expected two or more folders of images in "],
  ["splits", ["a/1.jpg", "b/1.jpg"], "got the folders a, b."],
  ["splits/classes", ["train/1.jpg", "test/2.jpg"], "with two or more folders of classes inside"],
  ["classes/splits", ["a/1.jpg", "b/2.jpg"], "with folders called train, validation or test inside"],
])("layout %s is refused where the folders are not so", async (layout, names, message) => {
  const path = await writeSet(names);
  await expect(imageFilesListing(path, { layout })).rejects.toThrow(UserError);
  await expect(imageFilesListing(path, { layout })).rejects.toThrow(message);
});

test("dataset.json decides: null means no classes, whatever the folders", async () => {
  const path = await writeSet(["00000/a.png", "00001/b.png"], { "dataset.json": JSON.stringify({ labels: null }) });
  const found = await listed(path);
  expect(found.images).toEqual(["train 00000/a.png", "train 00001/b.png"]);
  expect(found).toMatchObject({ notices: "No classes: dataset.json says so.", unused: [] });
});

test("a dataset.json with labels names the classes; images that it does not name are left out", async () => {
  const labels = [
    ["00000/a.png", 1],
    ["00001/b.png", 0],
  ];
  const path = await writeSet(["00000/a.png", "00001/b.png", "00001/c.png"], {
    "dataset.json": JSON.stringify({ labels }),
  });
  const found = await listed(path);
  expect(found.images).toEqual(["train 00000/a.png 1", "train 00001/b.png 0"]);
  expect(found.unused).toEqual(["1 image that dataset.json does not name: 00001/c.png"]);
  expect(found.notices).toBe("Classes by dataset.json: 2.");
});

test("a dataset.json that says nothing of labels leaves folders to say them", async () => {
  const path = await writeSet(["a/1.png", "b/2.png"], { "dataset.json": "{}" });
  const found = await listed(path);
  expect(found.images).toEqual(["train a/1.png a", "train b/2.png b"]);
  expect(found.notices).toContain("dataset.json is not used: it says nothing of labels.");
});

const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0);
const heic = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1");

test.each(["a folder", "a zip"])(
  "files that are no images are counted by kind in %s, and images under other names used",
  async (kind) => {
    const files: Record<string, Uint8Array | string> = {
      "a/1.png": "",
      "a/2": jpeg,
      "a/3.dat": jpeg,
      "b/1.HEIC": heic,
      "b/2.heic": heic,
      "b/3": heic,
      "notes.txt": "text",
      LICENSE: "text",
      "x.bin": "\0\0",
    };
    const zip = zipOf(Object.entries(files).map(([name, content]) => ({ name, content })));
    const path = kind === "a zip" ? join(await writeSet([], { "set.zip": zip }), "set.zip") : await writeSet([], files);
    const found = await listed(path);
    expect(found.images).toEqual(["train a/1.png", "train a/2", "train a/3.dat"]);
    expect(found.unused[0]).toBe("3 HEIC files: b/1.HEIC, b/2.heic, b/3");
    expect(found.unused.slice(1).sort()).toEqual([
      "1 .bin file: x.bin",
      "1 .txt file: notes.txt",
      "1 file without an extension: LICENSE",
    ]);
    expect(found.notices).toContain("2 files are images by content, not by their names, and used: a/2, a/3.dat.");
    expect(found.notices).toContain("No image of these folders can be read: b.");
  },
);

test("of very many kinds, the others are counted together", async () => {
  const others = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`${i}.x${i}`, "text"]));
  const { unused } = await listed(await writeSet(["1.png", "2.png"], { ...others, "a.x0": "text" }));
  expect(unused).toHaveLength(51);
  expect([unused[0], unused[50].split(":")[0]]).toEqual(["2 .x0 files: 0.x0, a.x0", "10 files of other kinds"]);
});

test("a set of nothing but files that are not read is refused, naming them", async () => {
  const path = await writeSet([], { "1.heic": heic, "2.heic": heic });
  await expect(imageFilesListing(path)).rejects.toThrow(
    "but it has 2 HEIC files (1.heic, 2.heic): convert it to PNG first",
  );
});

const [nfc, nfd] = ["\u00e9t\u00e9", "e\u0301te\u0301"];

test.each(["a folder", "a zip"])("names in NFC and NFD are one class in %s", async (kind) => {
  const names = [`${nfc}/1.png`, `${nfd}/1.png`, `${nfd}/2.png`, "hiver/1.png"];
  const zip = zipOf(names.map((name) => ({ name, content: "x" })));
  const path = kind === "a zip" ? join(await writeSet([], { "set.zip": zip }), "set.zip") : await writeSet(names);
  await using listing = await imageFilesListing(path);
  const { images, classes, notices } = listing;
  expect(classes).toEqual(["hiver", nfc]);
  expect(images.map(({ label }) => label)).toEqual([0, 1, 1, 1]);
  expect(notices!.join()).toContain(
    `Folders that look the same are one, though their accents are encoded differently: ${nfc}.`,
  );
});

test("a set has one order and one division, in NFC or NFD", async () => {
  const names = (accent: string) => Array.from({ length: 40 }, (_, i) => `${accent}/${i}${accent}.png`);
  const sets = await Promise.all(
    [nfc, nfd].map(async (accent) => listed(await writeSet([...names(accent), ...names("f")]))),
  );
  const [composed, decomposed] = sets.map(({ images }) => images.map((image) => image.normalize("NFC")));
  expect(decomposed).toEqual(composed);
});

test("the cache of Hugging Face is a set: links count by their names, what they lead to does not", async () => {
  const path = await writeSet([], { "blobs/0123": jpeg, "blobs/4567": jpeg, "blobs/89": "{}", "refs/main": "abc" });
  await writeFiles(path, { "snapshots/abc/train/a/.keep": "", "snapshots/abc/train/b/.keep": "" });
  const link = (target: string, name: string) => symlink(target, join(path, "snapshots/abc", name));
  await link("../../../../blobs/0123", "train/a/1.jpg");
  await link("../../../../blobs/4567", "train/a/2.jpg");
  await link("../../../../blobs/0123", "train/b/1.jpg");
  await link("../../blobs/89", "info.json");
  for (const root of [path, join(path, "snapshots/abc")]) {
    const found = await listed(root);
    expect(found.images.map((image) => image.replace("snapshots/abc/", ""))).toEqual([
      ...["train train/a/1.jpg a", "train train/a/2.jpg a", "train train/b/1.jpg b"],
    ]);
    expect(found.refused).toEqual([]);
  }
});
