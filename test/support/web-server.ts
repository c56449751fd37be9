/** @file A web server for tests, as plain as any that hosts files: folders, a few types, and headers that are asked for. */
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Makes pages cross-origin isolated: WebAssembly then may use threads. */
export const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

interface WebServerOptions {
  /** Folders by the path that they are served under, the longest first: `{ "/model": FOLDER, "": FOLDER }`. */
  folders?: Readonly<Record<string, string>>;
  /** Pages by their path, in place of files. */
  pages?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  /** Looked at before files; answers with `true` by itself. */
  intercept?: (path: string, response: ServerResponse) => boolean;
}

export interface WebServer extends AsyncDisposable {
  /** Without a slash at its end. */
  origin: string;
  /** Paths that were asked for, in order. */
  requests: string[];
  close(): Promise<void>;
}

export async function serveFolders(options: WebServerOptions): Promise<WebServer> {
  const { folders = {}, pages = {}, headers = {}, intercept } = options;
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    requests.push(pathname);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (intercept?.(pathname, response)) return;
    const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    if (path === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream");
    if (pages[path] !== undefined) {
      response.end(pages[path]);
      return;
    }
    const mounted = Object.entries(folders).find(([prefix]) => path.startsWith(`${prefix}/`));
    try {
      if (!mounted) throw new Error("nothing is served there");
      response.end(await readFile(join(mounted[1], normalize(decodeURIComponent(path.slice(mounted[0].length))))));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close,
    [Symbol.asyncDispose]: close,
  };
}
