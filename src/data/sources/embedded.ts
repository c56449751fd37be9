/** @file Kinds of sources that come with the program: `NAME`, or `NAME:64` for who wants to be sure of the resolution. */
import { UserError } from "../../errors.js";
import type { BuiltInKind, Source } from "./source.js";

/** The kind of an embedded source of any resolution. */
export const embedded = (name: string, source: () => Source): BuiltInKind => ({
  usages: [name, `${name}:RESOLUTION (as ${name}:64)`],
  source: (argument, resolution) => {
    if (argument !== undefined && !/^[1-9]\d*$/.test(argument)) return undefined;
    if (argument === undefined || resolution === undefined || Number(argument) === resolution) return source();
    throw new UserError(
      "wrong-shape",
      `The data source ${name}:${argument} asks for images of ${argument}×${argument}, but the model takes ${resolution}×${resolution}. ` +
        `Give ${name}:${resolution}, or simply ${name}.`,
    );
  },
});
