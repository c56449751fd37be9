/** @file Where a run's curves go besides its log: TensorBoard's event files, an MLflow server. */
import { basename, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import type { MlflowOptions } from "../../sharing/mlflow.js";
import type { TrainingEventListener } from "../../training/events.js";
import type { Context } from "./command.js";

/** What {@link addTrackerOptions} adds. */
export interface TrackerOptions {
  tensorboard?: boolean;
  /** `true` for the server that the environment names. */
  mlflow?: string | true;
}

/** @param what - "also write" or "write": what is done with the curves of a run */
export const addTrackerOptions = (command: Command, what: { tensorboard: string; mlflow: string }): Command =>
  command
    .option("--tensorboard", what.tensorboard)
    .addOption(new Option("--mlflow [url]", `${what.mlflow} (default: the one in MLFLOW_TRACKING_URI)`));

/** The library's options of an MLflow server. */
export const mlflowOptions = (mlflow: string | true, run: string, { progress }: Context): MlflowOptions => ({
  url: mlflow === true ? undefined : mlflow,
  name: basename(resolve(run)),
  onNotice: (message) => progress.note(message),
});

/** Hears of a run while it trains. */
interface Trackers {
  onEvent: TrainingEventListener;
  /** The run is over: as it was asked, by a signal, or by a failure. */
  close(ending: "FINISHED" | "KILLED" | "FAILED"): Promise<void>;
}

/**
 * Opens those that the options name.
 *
 * @throws UserError when no server is named where one is asked for
 */
export async function openTrackers(
  { tensorboard, mlflow }: TrackerOptions,
  run: string,
  resolution: number,
  context: Context,
): Promise<Trackers> {
  const onNotice = (message: string) => context.progress.note(message);
  const listeners: TrainingEventListener[] = [];
  if (tensorboard) {
    const { tensorBoardListener } = await import("../../report/tensorboard.js");
    listeners.push(tensorBoardListener(join(run, "tensorboard"), resolution, onNotice));
  }
  const server =
    mlflow === undefined
      ? undefined
      : (await import("../../sharing/mlflow.js")).mlflowListener(resolution, mlflowOptions(mlflow, run, context));
  if (server) listeners.push(server.onEvent);
  return {
    onEvent: async (event) => {
      for (const listener of listeners) await listener(event);
    },
    close: async (ending) => server?.close(ending),
  };
}
