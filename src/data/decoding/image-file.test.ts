import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { halves, temporaryFolder, writeFiles } from "../../../test/support/images.js";
import { UserError } from "../../errors.js";
import { decodeImage } from "./decode.js";
import { readImageFile } from "./image-file.js";

const folder = await temporaryFolder();
const path = (name: string) => join(folder, name);

test("an image file gives what its bytes give", async () => {
  const image = halves([255, 0, 0], [0, 0, 255], 9, 7);
  await writeFiles(folder, { "a.png": image });
  expect(await readImageFile(path("a.png"), 4)).toEqual(await decodeImage(await image.png().toBuffer(), 4));
});

test("what is no image is refused by its name", async () => {
  await writeFiles(folder, { "note.png": "this is no picture", "large.png": "" });
  await truncate(path("large.png"), 300e6);
  const refusal = (name: string) => readImageFile(path(name), 4).catch((error: Error) => error);
  const messages: [string, string][] = [
    ["nowhere.png", ": there is nothing."],
    ["note.png", ": expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got text."],
    ["large.png", ": expected at most 244 MiB, got 286 MiB."],
    ["", ": it is no file."],
  ];
  for (const [name, message] of messages) {
    const error = await refusal(name);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toContain(`Cannot read an image from ${path(name)}`);
  }
});
