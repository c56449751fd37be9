/** @file Where results go. Looked at before the work, so that nothing is computed that cannot be kept. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { UserError } from "../../errors.js";

/**
 * Checks that a file can be written. Folders above it that are missing are made later.
 *
 * @param option - that names it, for messages
 * @throws UserError when a folder is there, or the place cannot be written
 */
export function checkFilePlace(path: string, option = "--out"): void {
  checkPlace(path, option, "file");
  if (isFolder(path))
    throw new UserError("unwritable", `${option} ${path}: expected a file, but a folder of that name is there.`);
}

/**
 * Checks that files can be written into a folder, which is made later if it is missing.
 *
 * @param option - that names it, for messages
 * @throws UserError when a file is there, or the place cannot be written
 */
export const checkFolderPlace = (path: string, option = "--out"): void => checkPlace(path, option, "folder");

/** Whether a folder is there. */
export const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function checkPlace(path: string, option: string, kind: "file" | "folder"): void {
  if (path === "") throw new UserError("invalid-options", `${option}: expected the path of a ${kind}, got nothing.`);
  const folder = kind === "file" ? dirname(resolve(path)) : resolve(path);
  const there = nearestThere(folder);
  const refuse = (problem: string): never => {
    throw new UserError(
      "unwritable",
      `${option} ${path}: expected a place to write to, but ${problem}. Choose another.`,
    );
  };
  if (!isFolder(there)) refuse(`${there} is a file, not a folder`);
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    refuse(
      code === "EROFS"
        ? `${there} is on a read-only file system`
        : `you may not write into ${there} (${code ?? message})`,
    );
  }
}

/** The path, or the nearest above it where something is. */
function nearestThere(path: string): string {
  for (let place = path; ; place = dirname(place)) {
    try {
      if (statSync(place, { throwIfNoEntry: false })) return place;
    } catch {} // a part of it is a file, or not ours to look at: the place above tells
    if (dirname(place) === place) return place;
  }
}

/** The first of `path`, `path-2`, `path-3`, … where nothing is; an ending stays at the end: samples-2.png. */
export function freePath(path: string): string {
  const ending = extname(path);
  const stem = path.slice(0, path.length - ending.length);
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? path : `${stem}-${number}${ending}`;
    if (!existsSync(candidate)) return candidate;
  }
}

/** Makes a folder and those above it. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new UserError(
      "unwritable",
      `Expected to write into the folder ${path}, but it cannot be made (${(error as Error).message}).`,
    );
  }
}
