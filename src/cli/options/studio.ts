/** @file The studio beside a command that trains: `--studio`. */
import { Option } from "commander";
import type { Studio } from "../../studio/studio.js";
import { inFlags } from "../advice.js";
import { openBrowser } from "../output/open-browser.js";
import { type Context, createRuntime } from "./command.js";

/** `--studio`, of commands that train. */
export const studioOption = (): Option =>
  new Option(
    "--studio",
    "watch the run on a local page while it is trained, and play with it; stays open until Ctrl-C",
  );

/** A studio that is open while a command works. */
export interface OpenStudio extends AsyncDisposable {
  /** Resolves once the user ends the command. */
  stay(): Promise<void>;
}

/** Starts a studio for a command, whose errors go to the terminal. */
export async function startStudio(
  runs: readonly string[],
  context: Context,
  place: { host?: string; port?: number } = {},
): Promise<Studio> {
  const { openStudio } = await import("../../studio/studio.js");
  return openStudio({
    runs,
    ...place,
    openRuntime: () => createRuntime(context),
    advise: inFlags,
    onError: (error) =>
      context.progress.note(`studio: ${error instanceof Error ? (error.stack ?? error.message) : error}`),
  });
}

/** Opens a studio on one run, if that was asked for. */
export async function openBeside(asked: boolean | undefined, run: string, context: Context): Promise<OpenStudio> {
  if (!asked) return { stay: async () => {}, [Symbol.asyncDispose]: async () => {} };
  const { progress, signal } = context;
  const studio = await startStudio([run], context);
  progress.note(`Watch it at ${studio.url}`);
  openBrowser(studio.url);
  return {
    stay: async () => {
      if (signal.aborted) return;
      progress.note("The studio stays open. Ctrl-C closes it.");
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
    [Symbol.asyncDispose]: () => studio[Symbol.asyncDispose](),
  };
}
