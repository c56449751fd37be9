/** @file The requests that a studio answers, behind its guard. Nothing but the files of runs and of the page is ever read. */
import { readFile, stat } from "node:fs/promises";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { streamSSE } from "hono/streaming";
import type { Runtime } from "../engine/index.js";
import { UserError } from "../errors.js";
import { refinementFolder } from "../refinement/refinement-config.js";
import { listCheckpoints } from "../training/run/checkpoint.js";
import { picturePaths, runPaths } from "../training/run/run-folder.js";
import { type Catalogue, fileOfRun } from "./catalogue.js";
import type { Guard } from "./guard.js";
import { follow } from "./live.js";
import { Player } from "./player.js";
import { checked, drawRequest, encodeRequest } from "./requests.js";
import { RunSummaries, summariseModels } from "./summaries.js";

/** Bytes of an image that is dropped, and of a request otherwise. */
const LARGEST_IMAGE = 25e6;
const LARGEST_REQUEST = 1e6;
/** Images that wait while one is decoded, and streams of news at a time. */
const MOST_WAITING = 4;
const MOST_STREAMS = 32;
/** Models that stay loaded; the one that was not used for longest goes. */
const MOST_PLAYERS = 4;
/** A grid of pictures is smaller. */
const LARGEST_GRID = 50e6;

/** What the server is made of. */
export interface StudioParts {
  catalogue: Catalogue;
  guard: Guard;
  /** Opened when a model is first played with. */
  runtime: () => Promise<Runtime>;
  /** The page's files by their path: "/" is the page itself. */
  page: ReadonlyMap<string, { type: string; bytes: Uint8Array<ArrayBuffer> }>;
  /** Puts a sentence of the library into the words of whoever reads the page. */
  advise: (sentence: string) => string;
  /** Hears of errors that are ours. */
  onError: (error: unknown) => void;
}

/** The server's answers, and what frees what they have loaded. */
export function createApp({
  catalogue,
  guard,
  runtime,
  page,
  advise,
  onError,
}: StudioParts): { app: Hono } & AsyncDisposable {
  const app = new Hono();
  const summaries = new RunSummaries(advise);
  const players = new Players(catalogue, runtime);
  app.use(guard.middleware);
  app.onError((error, c) => {
    if (c.req.raw.signal.aborted) return c.text("", 499 as never);
    if (error instanceof UserError)
      return c.json({ error: advise(error.message) }, error.code === "not-found" ? 404 : 422);
    onError(error);
    return c.json({ error: "Internal error; please report it. The terminal says more." }, 500);
  });
  const limited = (maxSize: number) =>
    bodyLimit({
      maxSize,
      onError: (c) => c.json({ error: `Expected at most ${maxSize / 1e6} MB, got more.` }, 413),
    });

  for (const [path, { type, bytes }] of page) app.get(path, (c) => c.body(bytes, 200, { "content-type": type }));

  app.get("/api/models", async (c) => c.json(await summariseModels(catalogue)));

  app.post("/api/models/:id/open", async (c) => {
    const { batch, model, refinement } = await players.open(c.req.param("id"));
    const { device, threads } = await runtime();
    return c.json({ batch, step: model.step, refinement, device, threads });
  });

  app.post("/api/models/:id/draw", limited(LARGEST_REQUEST), async (c) => {
    const { pictures, enlarger } = checked(drawRequest, await jsonOf(c));
    const { signal } = c.req.raw;
    const player = await players.get(c.req.param("id"));
    const larger = enlarger === undefined ? undefined : await players.get(enlarger);
    const { rgba, resolution } = await player.draw(pictures, { enlarger: larger, signal });
    return c.body(rgba as Uint8Array<ArrayBuffer>, 200, {
      "content-type": "application/octet-stream",
      "x-resolution": String(resolution),
    });
  });

  const oneAtATime = queue(MOST_WAITING);
  app.post("/api/models/:id/images", limited(LARGEST_IMAGE), async (c) => {
    const { label, seed } = checked(encodeRequest, c.req.query());
    const player = await players.get(c.req.param("id"));
    const encode = async () => {
      const file = new Uint8Array(await c.req.arrayBuffer());
      return player.encode(file, { label, seed, signal: c.req.raw.signal });
    };
    const encoded = oneAtATime(encode);
    if (!encoded) return c.json({ error: "Too many images at once. Try again in a moment." }, 429);
    const { image, groupKlNats, rgba } = await encoded;
    return c.json({ image, groupKlNats, rgba: Buffer.from(rgba).toString("base64") });
  });

  app.delete("/api/models/:id/images/:image", async (c) => {
    (await players.get(c.req.param("id"))).release(c.req.param("image"));
    return c.body(null, 204);
  });

  app.get("/api/runs/:id/:kind{samples|reconstructions}/:step{[0-9]{1,15}}", async (c) => {
    const run = await catalogue.find(c.req.param("id"));
    const paths = picturePaths(run.folder, Number(c.req.param("step")));
    const path = await fileOfRun(run, paths[c.req.param("kind") as keyof typeof paths]);
    const status = await stat(path);
    if (!status.isFile() || status.size > LARGEST_GRID)
      throw new UserError("damaged", "Expected a grid of pictures, got something else.");
    return c.body(new Uint8Array(await readFile(path)), 200, { "content-type": "image/png" });
  });

  let streams = 0;
  app.get("/api/live", (c) => {
    if (streams >= MOST_STREAMS) return c.json({ error: "Too many pages are open." }, 503);
    const wanted = (c.req.query("runs") ?? "").split(",");
    const after = c.req.header("last-event-id") ?? c.req.query("after");
    streams++;
    return streamSSE(c, async (stream) => {
      const ended = new AbortController();
      stream.onAbort(() => ended.abort());
      const alive = setInterval(() => stream.write(": still here\n\n"), 15_000); // or a lost reader is never noticed
      try {
        for await (const { event, position } of follow(catalogue, summaries, wanted, { after, signal: ended.signal })) {
          await stream.writeSSE({ data: JSON.stringify(event), ...(position === undefined ? {} : { id: position }) });
        }
      } catch (error) {
        if (!ended.signal.aborted) onError(error);
      } finally {
        clearInterval(alive);
        streams--;
      }
    });
  });

  return { app, [Symbol.asyncDispose]: () => players[Symbol.asyncDispose]() };
}

/** The body as JSON. */
function jsonOf(c: Context): Promise<unknown> {
  return c.req.json().catch(() => {
    throw new UserError("invalid-options", "The request does not fit: expected JSON.");
  });
}

/** Runs one after another; undefined when `most` wait already. */
function queue(most: number): <Result>(work: () => Promise<Result>) => Promise<Result> | undefined {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    if (waiting > most) return undefined;
    waiting++;
    const next = last.then(work).finally(() => waiting--);
    last = next.catch(() => {});
    return next;
  };
}

/** Step of the newest checkpoint of a run, or of a refinement; undefined where there is none. */
const newestStep = async (folder: string): Promise<number | undefined> =>
  (await listCheckpoints(runPaths(folder).checkpoints)).at(-1);

/** The models that are loaded. */
class Players implements AsyncDisposable {
  readonly #open = new Map<string, Promise<Player>>();

  constructor(
    private readonly catalogue: Catalogue,
    private readonly runtime: () => Promise<Runtime>,
  ) {}

  /** A model as it was opened last. */
  async get(id: string): Promise<Player> {
    const known = this.#open.get(id);
    if (!known) return this.open(id);
    this.#open.delete(id); // to the end: the first is the one that was not used for longest
    this.#open.set(id, known);
    return known;
  }

  /** A model with the weights of its newest checkpoint. */
  async open(id: string): Promise<Player> {
    const run = await this.catalogue.find(id);
    const before = await this.#open.get(id)?.catch(() => undefined);
    const newest = await newestStep(run.folder);
    const refined = await newestStep(refinementFolder(run.folder));
    if (before && before.model.step === newest && before.refinementStep === refined) return before;
    const player = this.runtime().then((runtime) => Player.open(run, runtime));
    this.#open.set(id, player);
    player.catch(() => {
      if (this.#open.get(id) === player) this.#open.delete(id);
    });
    await before?.[Symbol.asyncDispose]();
    for (const [oldest, old] of [...this.#open].slice(0, -MOST_PLAYERS)) {
      this.#open.delete(oldest);
      old.then((each) => each[Symbol.asyncDispose]()).catch(() => {});
    }
    return player;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = await Promise.all([...this.#open.values()].map((player) => player.catch(() => undefined)));
    await Promise.all(open.map((player) => player?.[Symbol.asyncDispose]()));
  }
}
