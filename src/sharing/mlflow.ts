/**
 * @file The curves of a run for an MLflow server, through its documented REST interface
 * (https://mlflow.org/docs/latest/api_reference/rest-api.html): while it trains, or afterwards from its log.
 */
import { Readable } from "node:stream";
import { z } from "zod";
import type { Config } from "../config/index.js";
import { UserError } from "../errors.js";
import { parseJson } from "../io/files/json.js";
import { readAnswer } from "../io/net/answer.js";
import { httpRequest, webAddress } from "../io/net/http-get.js";
import { PATIENCE, type Patience, persist } from "../io/net/persist.js";
import { type CurvePoint, curvePoints, scalarsOf } from "../report/curves.js";
import type { TrainingEvent, TrainingEventListener } from "../training/events.js";
import { bindingSettings } from "../training/run/manifest.js";
import { type RunLine, readMetrics } from "../training/run/metrics-log.js";
import { locateRun } from "../training/run/open-run.js";
import { readRunConfig, runPaths } from "../training/run/run-folder.js";
import { shareableSource } from "./shareable.js";

/** Where curves are sent, and as what. */
export interface MlflowOptions {
  /** Of the server. Default: `MLFLOW_TRACKING_URI`. */
  url?: string;
  /** Default: `MLFLOW_EXPERIMENT_NAME`, or `strata`. */
  experiment?: string;
  /** Of the run. */
  name: string;
  /** Told once when nothing more is sent, as a sentence: training continues without. */
  onNotice?: (message: string) => void;
  signal?: AbortSignal;
  patience?: Patience;
}

/** A run ends so. */
type Ending = "FINISHED" | "FAILED" | "KILLED";

/** What one request holds. The interface allows 1000 numbers, which a server with SQLite writes in seconds. */
const MOST_METRICS = 250;
const MOST_PARAMETERS = 100;
const LONGEST_VALUE = 500;

/** Points that wait while a request is under way; older ones go when there are more. */
const MOST_WAITING = 10_000;

const LARGEST_ANSWER = 2 ** 20;

/** Training does not wait long for a server that is gone when it ends. */
const SHORT_PATIENCE: Patience = { idleMs: 10_000, pauseMs: 250 };

/** A server, and how it is asked. */
interface Server {
  url: URL;
  headers: Record<string, string>;
  options: MlflowOptions;
}

/** @throws UserError when no server is named, or what is named is no address */
function serverOf(options: MlflowOptions): Server {
  const { MLFLOW_TRACKING_URI, MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD } =
    process.env;
  const named = options.url ?? MLFLOW_TRACKING_URI;
  if (!named) {
    throw new UserError(
      "invalid-options",
      "Expected the address of an MLflow server, such as http://127.0.0.1:5000, as `mlflow` or in MLFLOW_TRACKING_URI.",
    );
  }
  const url = webAddress(named);
  const user = url.username ? `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` : undefined;
  const pair = user ?? (MLFLOW_TRACKING_USERNAME && `${MLFLOW_TRACKING_USERNAME}:${MLFLOW_TRACKING_PASSWORD ?? ""}`);
  [url.username, url.password] = ["", ""];
  const authorization = pair
    ? `Basic ${Buffer.from(pair).toString("base64")}`
    : MLFLOW_TRACKING_TOKEN && `Bearer ${MLFLOW_TRACKING_TOKEN}`;
  return { url, headers: authorization ? { Authorization: authorization } : {}, options };
}

/** One call; its answer as the schema has it. */
async function call<T>(server: Server, route: string, body: object, schema: z.ZodType<T>): Promise<T> {
  const { url: base, options } = server;
  const { signal, patience = PATIENCE } = options;
  const url = new URL(`${base.href.replace(/\/+$/, "")}/api/2.0/mlflow/${route}`);
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = { "Content-Type": "application/json", "Content-Length": String(bytes.length), ...server.headers };
  const attempt = async () => {
    const request = { method: "POST", headers, body: Readable.from([bytes]), signal, idleMs: patience.idleMs };
    const answer = await httpRequest(url, request);
    try {
      return { status: answer.statusCode ?? 0, content: await readAnswer(answer, url, LARGEST_ANSWER) };
    } finally {
      answer.destroy();
    }
  };
  const { status, content } = await persist(attempt, { url, signal, patience }).catch((error) => {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.code, error.advice ? error.message.replace(error.advice, "").trimEnd() : error.message);
  });
  const refuse = (problem: string): never => {
    throw new UserError("network", `Expected an MLflow server at ${base.href}, but ${problem}.`);
  };
  if (status !== 200) {
    const { error_code: code = "", message = "" } = problemSchema.safeParse(attemptJson(content)).data ?? {};
    if (code === "RESOURCE_ALREADY_EXISTS") throw new AlreadyExists();
    return refuse(`it says ${status}${message ? `: ${message.slice(0, 200)}` : ""}`);
  }
  const parsed = schema.safeParse(parseJson(content, (problem) => refuse(`its answer is no JSON (${problem})`)));
  return parsed.success ? parsed.data : refuse("it answers something else");
}

const problemSchema = z.object({ error_code: z.string(), message: z.string() }).partial();

function attemptJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The server has something of that name. */
class AlreadyExists extends Error {}

const NOTHING = z.looseObject({});
const experimentSchema = z.object({ experiment_id: z.string() });
const foundSchema = z.object({ experiments: z.array(experimentSchema).min(1) });
const runSchema = z.object({ run: z.object({ info: z.object({ run_id: z.string() }) }) });

/** A run of the server's. */
class MlflowRun {
  private constructor(
    private readonly server: Server,
    private readonly id: string,
    /** Its page. */
    readonly page: string,
  ) {}

  static async create(
    options: MlflowOptions,
    config: Config,
    begun: RunLine | undefined,
    atMs: number,
  ): Promise<MlflowRun> {
    const server = serverOf(options);
    const experiment = await experimentOf(server);
    const tags = { "mlflow.source.name": "strata", "strata.version": begun?.version ?? "" };
    const { run } = await call(
      server,
      "runs/create",
      {
        ...{ experiment_id: experiment, run_name: options.name, start_time: atMs },
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
      },
      runSchema,
    );
    const { run_id: id } = run.info;
    const created = new MlflowRun(
      server,
      id,
      `${server.url.href.replace(/\/+$/, "")}/#/experiments/${experiment}/runs/${id}`,
    );
    await created.parameters({ ...aboutRun(config, begun), ...bindingSettings(config) });
    return created;
  }

  async parameters(values: Record<string, unknown>): Promise<void> {
    const params = Object.entries(values).map(([key, value]) => ({
      key,
      value: (typeof value === "string" ? value : JSON.stringify(value)).slice(0, LONGEST_VALUE),
    }));
    for (let at = 0; at < params.length; at += MOST_PARAMETERS)
      await call(
        this.server,
        "runs/log-batch",
        { run_id: this.id, params: params.slice(at, at + MOST_PARAMETERS) },
        NOTHING,
      );
  }

  async points(points: readonly CurvePoint[]): Promise<void> {
    const metrics = points.flatMap(({ step, atMs, scalars }) =>
      Object.entries(scalars)
        .filter(([, value]) => Number.isFinite(value)) // JSON has no others
        .map(([key, value]) => ({ key, value, timestamp: atMs, step })),
    );
    for (let at = 0; at < metrics.length; at += MOST_METRICS)
      await call(
        this.server,
        "runs/log-batch",
        { run_id: this.id, metrics: metrics.slice(at, at + MOST_METRICS) },
        NOTHING,
      );
  }

  async end(status: Ending, atMs: number): Promise<void> {
    await call(this.server, "runs/update", { run_id: this.id, status, end_time: atMs }, NOTHING);
  }
}

const aboutRun = (config: Config, begun: RunLine | undefined): Record<string, unknown> => ({
  preset: config.preset,
  ...(begun && {
    data: shareableSource(begun.data),
    trainImages: begun.trainImages,
    validationImages: begun.validationImages,
    modelParameters: begun.parameters,
    device: begun.device,
  }),
});

async function experimentOf(server: Server): Promise<string> {
  const name = server.options.experiment ?? (process.env.MLFLOW_EXPERIMENT_NAME || "strata");
  try {
    return (await call(server, "experiments/create", { name }, experimentSchema)).experiment_id;
  } catch (error) {
    if (!(error instanceof AlreadyExists)) throw error;
    const filter = `name = '${name.replaceAll("'", "\\'")}'`;
    const { experiments } = await call(server, "experiments/search", { filter, max_results: 1 }, foundSchema);
    return experiments[0].experiment_id;
  }
}

/**
 * Sends the curves of a run from its log, as one run of the server's.
 *
 * @param run - the folder, `pretrained:NAME`, or `hf:OWNER/NAME` once it was fetched
 * @returns the address of its page, and how many steps have numbers
 * @throws UserError when the folder is no run with a log, or the server cannot be reached or refuses
 */
export async function sendToMlflow(run: string, options: MlflowOptions): Promise<{ page: string; steps: number }> {
  const folder = locateRun(run);
  const config = await readRunConfig(folder);
  const lines = readMetrics(runPaths(folder).metrics);
  const points = curvePoints(lines, config.model.resolution);
  const begun = lines.find((line) => line.type === "run");
  const sent = await MlflowRun.create(options, config, begun, points[0]?.atMs ?? Date.now());
  await sent.points(points);
  await sent.end("FINISHED", points.at(-1)?.atMs ?? Date.now());
  return { page: sent.page, steps: points.length };
}

/** Hears of a run, and sends what it hears. */
export interface MlflowListener {
  onEvent: TrainingEventListener;
  /** Sends what still waits, and says how the run ended; a second time does nothing. */
  close(ending: Ending): Promise<void>;
}

/**
 * Sends the curves of a run while it trains. Training never waits for the server, and never fails because of it: where it cannot
 * be reached, that is told once, and the log has everything.
 *
 * @param resolution - of the images
 * @throws UserError when no server is named
 */
export function mlflowListener(resolution: number, options: MlflowOptions): MlflowListener {
  const { onNotice = () => {}, patience = SHORT_PATIENCE } = options;
  const patient = { ...options, patience };
  serverOf(patient); // refused before the training
  let run: MlflowRun | undefined;
  let waiting: CurvePoint[] = [];
  let working: Promise<void> = Promise.resolve();
  let [failed, closed] = [false, false];
  const work = (action: () => Promise<void>) => {
    working = working.then(async () => {
      if (failed) return;
      try {
        await action();
      } catch (error) {
        failed = true;
        waiting = [];
        onNotice(`${(error as Error).message} Training continues without MLflow; the run's log has everything.`);
      }
    });
  };
  const send = async () => {
    const points = waiting;
    waiting = [];
    await run?.points(points);
  };
  return {
    onEvent: (event: TrainingEvent) => {
      if (event.type === "start") {
        work(async () => {
          run = await MlflowRun.create(patient, event.config, event.run, Date.now());
        });
      }
      if ((event.type !== "metrics" && event.type !== "validation") || failed) return;
      const { line } = event;
      waiting.push({ step: line.step, atMs: Date.now(), scalars: scalarsOf(line, resolution) });
      if (waiting.length > MOST_WAITING) waiting.shift();
      if (waiting.length === 1) work(send); // the others go with it
    },
    close: async (ending) => {
      if (closed) return;
      closed = true;
      work(async () => {
        await send();
        await run?.end(ending, Date.now());
      });
      await working;
    },
  };
}
