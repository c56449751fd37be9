/** @file Data sources by name: `emoji`, `folder:PATH`, or a path. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { UserError } from "../errors.js";
import { type DecodeOptions, decodeFiles } from "./decode.js";
import { emojiFiles, emojiGroups } from "./emoji.js";
import { type FolderFiles, folderFiles } from "./folder.js";
import type { ImageSet, Split } from "./image-set.js";

const SOURCES = "emoji, emoji:RESOLUTION (as emoji:64), folder:PATH, or the path of a folder of images";

/** How many unreadable files a message names. */
const NAMED = 5;

export interface OpenOptions extends DecodeOptions {
  split: Split;
}

/**
 * Decodes one split of a source into memory.
 *
 * @param source - `emoji`, `emoji:R`, `folder:PATH`, or a path
 * @returns the images; empty where the source has none for a split other than `train`
 * @throws UserError when the source is unknown, missing or empty, or none of its files is an image
 * @throws the signal's reason when it aborts
 */
export async function openData(source: string, options: OpenOptions): Promise<ImageSet> {
  const { resolution, split } = options;
  const { files, classes } = await filesOf(source, resolution, split);
  const decoded = await decodeFiles(files, options);
  if (decoded.count === 0 && (split === "train" || decoded.skipped.length > 0)) {
    const named = decoded.skipped.slice(0, NAMED).map(({ file, reason }) => `\n  ${file}: ${reason}`);
    throw new UserError(
      `Expected readable images for ${split} in ${source}, but none of its ${files.length} files is one:${named.join("")}`,
    );
  }
  return { name: source, resolution, classes, ...decoded };
}

async function filesOf(source: string, resolution: number, split: Split): Promise<FolderFiles> {
  const [, kind, rest] = /^(?:(\w+):)?(.*)$/s.exec(source)!;
  if (source === "emoji") return { files: emojiFiles(split), classes: emojiGroups };
  if (kind === "emoji") {
    if (Number(rest) !== resolution) {
      throw new UserError(
        `The data source ${source} asks for images of ${rest}×${rest}, but the model takes ${resolution}×${resolution}. ` +
          `Give emoji:${resolution}, or simply emoji.`,
      );
    }
    return { files: emojiFiles(split), classes: emojiGroups };
  }
  if (kind === "folder") return folderFiles(atHome(rest), split);
  if (existsSync(source)) return folderFiles(source, split);
  const missing = kind === undefined ? ", and there is nothing at that path" : "";
  throw new UserError(`Expected a data source (${SOURCES}), got "${source}"${missing}.`);
}

/** `~/…` in the home folder: shells leave it to us when it follows `folder:`. */
const atHome = (path: string): string => (/^~(?=$|[/\\])/.test(path) ? homedir() + path.slice(1) : path);
