/** @file A studio: the local server of a page that plays with models and watches runs. */
import { createServer } from "node:http";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { getRequestListener } from "@hono/node-server";
import type { Runtime } from "../engine/index.js";
import { UserError } from "../errors.js";
import { createApp } from "./app.js";
import { Catalogue } from "./catalogue.js";
import { createGuard } from "./guard.js";
import { readPage } from "./page-files.js";

/** Where a studio listens, and what it shows. */
export interface StudioOptions {
  /** Run folders, `pretrained:NAME`, or folders with runs; none: `runs`, and the models that ship. */
  runs: readonly string[];
  /** Default 127.0.0.1: nobody but this machine. */
  host?: string;
  /** Default: a free one. */
  port?: number;
  /** Opens what models are computed with, when one is first played with; the studio disposes it. */
  openRuntime: () => Promise<Runtime>;
  /** Puts a sentence of the library into the words of whoever reads the page. Default: as it is. */
  advise?: (sentence: string) => string;
  /** Hears of errors that are ours. */
  onError?: (error: unknown) => void;
}

/** A studio that listens. */
export interface Studio extends AsyncDisposable {
  /** Where to open it: once, since the token in it is good for one browser. */
  url: string;
  port: number;
}

/**
 * Starts a studio.
 *
 * @throws UserError when the page was not built, or the address cannot be listened on
 */
export async function openStudio(options: StudioOptions): Promise<Studio> {
  const { runs, host = "127.0.0.1", port: wanted = 0, openRuntime, advise = (sentence) => sentence } = options;
  const { onError = () => {} } = options;
  const page = await readPage();
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(wanted, host, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(
      "environment",
      `Expected to listen on ${host}, port ${wanted}, but that failed (${error.code}). Give another \`port\`.`,
    );
  });
  const { port } = server.address() as { port: number };
  const guard = createGuard(hostsOf(host, port), port);
  let runtime: Promise<Runtime> | undefined;
  const sharedRuntime = () => {
    runtime ??= openRuntime();
    return runtime;
  };
  const answers = createApp({ catalogue: new Catalogue(runs), guard, runtime: sharedRuntime, page, advise, onError });
  server.on("request", getRequestListener(answers.app.fetch, { overrideGlobalObjects: false }));
  const shown = isUnspecified(host) ? "127.0.0.1" : host;
  return {
    url: `http://${bracketed(shown)}:${port}/?token=${guard.token}`,
    port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await answers[Symbol.asyncDispose]();
      await (await runtime?.catch(() => undefined))?.dispose();
    },
  };
}

const isUnspecified = (host: string): boolean => host === "0.0.0.0" || host === "::";
const bracketed = (host: string): string => (isIPv6(host) ? `[${host}]` : host);

/** How browsers may name a server that listens on an address. */
function hostsOf(host: string, port: number): Set<string> {
  const own = isUnspecified(host)
    ? Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? [])
    : [host];
  const names = ["127.0.0.1", "localhost", "::1", ...own];
  return new Set(names.map((name) => `${bracketed(name)}:${port}`));
}
