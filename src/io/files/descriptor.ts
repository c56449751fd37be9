/** @file Files that are opened, and closed at the end of a block, by calls that block. */
import { closeSync, openSync } from "node:fs";

/** The descriptor of an open file; `using` closes it. */
export interface Descriptor extends Disposable {
  readonly fd: number;
}

/** @throws what the system says when the file cannot be opened */
export function openDescriptor(path: string, flags: string): Descriptor {
  const fd = openSync(path, flags);
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}
