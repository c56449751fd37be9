/** @file Answers that are short, read whole within bounds. */
import type { IncomingMessage } from "node:http";
import { UserError } from "../../errors.js";
import { formatBytes } from "../../number-format.js";
import { connectionFailure } from "./http-get.js";

/**
 * An answer, whole.
 *
 * @throws UserError when it has more bytes than `most`, PassingFailure when the connection fails
 */
export async function readAnswer(answer: IncomingMessage, url: URL, most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of answer) {
      bytes += piece.length;
      if (bytes > most) {
        throw new UserError(
          "too-large",
          `Expected at most ${formatBytes(most)} from ${url.href}, but more came: it is another answer.`,
        );
      }
      pieces.push(piece);
    }
  } catch (error) {
    throw connectionFailure(error, url);
  }
  return Buffer.concat(pieces);
}
