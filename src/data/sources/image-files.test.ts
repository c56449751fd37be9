import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder, writeFiles } from "../../../test/support/images.js";
import { imageFilesListing } from "./image-files.js";

const folder = await temporaryFolder();
let sets = 0;

/** What is made of files of these names, each as "split name class". */
async function listed(names: readonly string[]): Promise<string[]> {
  const path = join(folder, `${sets++}`);
  await writeFiles(path, Object.fromEntries(names.map((name) => [name, ""])));
  const { images, classes, close } = await imageFilesListing(path);
  await close();
  return images.map(({ name, split, label }) =>
    [split, name, ...(label === undefined ? [] : [classes[label]])].join(" "),
  );
}

test.each([
  [
    "a folder around classes",
    ["photos/cats/1.jpg", "photos/dogs/2.jpg"],
    ["train photos/cats/1.jpg cats", "train photos/dogs/2.jpg dogs"],
  ],
  [
    "folders around splits",
    ["x/y/train/cats/1.jpg", "x/y/train/dogs/1.jpg", "x/y/val/dogs/2.jpg", "x/y/3.jpg"],
    ["train x/y/train/cats/1.jpg cats", "train x/y/train/dogs/1.jpg dogs", "validation x/y/val/dogs/2.jpg dogs"],
  ],
  [
    "one split around all",
    ["test/cats/1.jpg", "test/dogs/2.jpg"],
    ["train test/cats/1.jpg cats", "train test/dogs/2.jpg dogs"],
  ],
  [
    "a folder of training images around all",
    ["set/Training/cats/1.jpg", "set/Training/dogs/2.jpg"],
    ["train set/Training/cats/1.jpg cats", "train set/Training/dogs/2.jpg dogs"],
  ],
  [
    "a single class",
    ["photos/cats/1.jpg", "photos/cats/2.jpg"],
    ["train photos/cats/1.jpg", "train photos/cats/2.jpg"],
  ],
  [
    "a single class to train on",
    ["train/cats/1.jpg", "test/cats/2.jpg"],
    ["test test/cats/2.jpg", "train train/cats/1.jpg"],
  ],
  [
    "an image beside folders",
    ["cats/1.jpg", "dogs/2.jpg", "3.jpg"],
    ["train 3.jpg", "train cats/1.jpg", "train dogs/2.jpg"],
  ],
])("splits and classes are found with %s", async (_, names, images) => {
  expect(await listed(names)).toEqual(images);
});
