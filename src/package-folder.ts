/** @file Where the package lies: sources and what is built of them both stand one folder below it. */
import { fileURLToPath } from "node:url";

/** The path of a file or folder that the package brings, by its path in the package. */
export const packagePath = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
