/** @file Data sources by name: `emoji`, `cifar10:PATH`, `imagenet32:PATH`, `imagenet64:PATH`, `folder:PATH`, or a path. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { UserError } from "../../errors.js";
import { emojiSource } from "./emoji.js";
import { imageFilesSource } from "./image-files.js";
import type { Source } from "./listing.js";

const SOURCES =
  "emoji, emoji:RESOLUTION (as emoji:64), cifar10:PATH, imagenet32:PATH, imagenet64:PATH, folder:PATH, " +
  "or the path of a folder or of a .zip, .tar or .tar.gz";

const kinds: Record<string, (path: string) => Source> = {
  folder: imageFilesSource,
};

/**
 * The source of a name.
 *
 * @param resolution - of the model; `emoji:R` must agree with it. Without, images stay encoded
 * @throws UserError when the kind is unknown, or nothing is at the path
 */
export function sourceOf(name: string, resolution?: number): Source {
  const [, kind, rest] = /^(?:(\w+):)?(.*)$/s.exec(name)!;
  if (name === "emoji") return emojiSource();
  if (kind === "emoji") {
    if (resolution === undefined || Number(rest) === resolution) return emojiSource();
    throw new UserError(
      `The data source ${name} asks for images of ${rest}×${rest}, but the model takes ${resolution}×${resolution}. ` +
        `Give emoji:${resolution}, or simply emoji.`,
    );
  }
  if (kind !== undefined && kind in kinds) return kinds[kind](atHome(rest));
  if (existsSync(name)) return recognised(name);
  const missing = kind === undefined ? ", and there is nothing at that path" : "";
  throw new UserError(`Expected a data source (${SOURCES}), got "${name}"${missing}.`);
}

/** What a bare path holds. */
const recognised = (path: string): Source => imageFilesSource(path);

/** `~/…` in the home folder: shells leave it to us when it follows `folder:`. */
const atHome = (path: string): string => (/^~(?=$|[/\\])/.test(path) ? homedir() + path.slice(1) : path);
