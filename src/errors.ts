/** @file Errors that are the user's to mend: the command line prints their message alone and exits with code 2. */

/** Bad usage or input. The message says what was expected, what came, where, and what to do about it. */
export class UserError extends Error {
  override name = "UserError";
}
