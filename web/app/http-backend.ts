/** @file The backend of the studio: a local server of `strata studio` does the work. */
import type { Backend, LiveBackend, LiveEvent, ModelSummary, OpenModel, Picture } from "./backend.js";

/** Time until a lost stream of news is opened again. */
const RETRY_MS = 1500;

/** Asks the server. A failure is a sentence for the user. */
async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted) throw init.signal.reason;
    throw new Error("The studio does not answer. Is the command still running in the terminal?", { cause: error });
  }
  if (response.ok) return response;
  const text = await response.text();
  throw new Error(messageOf(text) ?? `The studio refuses (${response.status}).`);
}

function messageOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === "string" ? error : undefined;
  } catch {
    return text.trim() || undefined;
  }
}

const json = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** What the server says of a model that it has opened. */
interface Ready extends Pick<ModelSummary, "refinement"> {
  batch: number;
  step: number;
  device: string;
  threads: number;
}

/** A model of the server. */
function openModel(summary: ModelSummary, { batch, device, threads }: Ready): OpenModel {
  const place = `api/models/${encodeURIComponent(summary.id)}`;
  return {
    summary,
    batch,
    device: device === "cpu" ? `${threads} ${threads === 1 ? "thread" : "threads"} of this computer` : device,
    async draw(pictures, { enlarger, signal } = {}) {
      const response = await request(`${place}/draw`, { ...json({ pictures, enlarger }), signal });
      const resolution = Number(response.headers.get("x-resolution"));
      const bytes = await response.arrayBuffer();
      const size = 4 * resolution ** 2;
      return pictures.map(
        (_, index): Picture => ({ resolution, rgba: new Uint8ClampedArray(bytes, index * size, size) }),
      );
    },
    async encode(file, { label, seed, signal }) {
      const asked = new URLSearchParams({
        seed: String(seed),
        ...(label === undefined ? {} : { label: String(label) }),
      });
      const response = await request(`${place}/images?${asked}`, { method: "POST", body: file, signal });
      const { image, groupKlNats, rgba } = (await response.json()) as {
        image: string;
        groupKlNats: number[];
        rgba: string;
      };
      return { image, groupKlNats, rgba: Uint8ClampedArray.from(atob(rgba), (letter) => letter.charCodeAt(0)) };
    },
    release(image) {
      request(`${place}/images/${image}`, { method: "DELETE" }).catch(() => {}); // it goes by itself, later
    },
    close: async () => {},
  };
}

/**
 * News of runs by server-sent events. A hidden page has no stream, since a browser has six connections for a server; it goes on
 * where it stopped.
 */
function watch(runs: readonly string[], onEvent: (event: LiveEvent) => void): () => void {
  let source: EventSource | undefined;
  let after = "";
  let retry: ReturnType<typeof setTimeout> | undefined;
  const close = () => {
    clearTimeout(retry);
    source?.close();
    source = undefined;
  };
  const open = () => {
    close();
    const stream = new EventSource(`api/live?${new URLSearchParams({ runs: runs.join(","), after })}`);
    source = stream;
    stream.onopen = () => onEvent({ type: "connection", connected: true });
    stream.onmessage = ({ data, lastEventId }) => {
      if (lastEventId) after = lastEventId;
      onEvent(JSON.parse(data) as LiveEvent);
    };
    stream.onerror = () => {
      onEvent({ type: "connection", connected: false });
      close();
      retry = setTimeout(open, RETRY_MS);
    };
  };
  const followVisibility = () => (document.visibilityState === "hidden" ? close() : open());
  document.addEventListener("visibilitychange", followVisibility);
  open();
  return () => {
    document.removeEventListener("visibilitychange", followVisibility);
    close();
  };
}

const live: LiveBackend = {
  watch,
  gridUrl: (run, step, kind) => `api/runs/${encodeURIComponent(run)}/${kind}/${step}`,
};

/** The server that the page came from. */
export function httpBackend(): Backend {
  const models = async (signal?: AbortSignal): Promise<ModelSummary[]> =>
    (await request("api/models", { signal })).json() as Promise<ModelSummary[]>;
  return {
    kind: "studio",
    models,
    async open(id, { onProgress, signal } = {}) {
      onProgress?.({ doing: "loading the model" });
      const opened = await request(`api/models/${encodeURIComponent(id)}/open`, { method: "POST", signal });
      const ready = (await opened.json()) as Ready;
      const summary = (await models(signal)).find((model) => model.id === id);
      if (!summary) throw new Error("This model is not there any more. Reload the page.");
      return openModel({ ...summary, step: ready.step, refinement: ready.refinement }, ready);
    },
    live,
  };
}
