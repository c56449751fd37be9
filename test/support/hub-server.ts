/** @file A hub that speaks the few routes in use, on this machine, and does what it is told to do wrong. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers a request in the hub's place; "pass" leaves it to the hub. */
export type Fault = (request: IncomingMessage, response: ServerResponse, path: string) => unknown;

/** Files of a repository by path; those that are large to this hub are kept by their SHA-256. */
type HubContent = Map<string, Buffer>;

/** Files from this size on are large. */
const LARGE = 1000;

export interface HubServer {
  url: string;
  /** By "models/OWNER/NAME" or "datasets/OWNER/NAME". */
  repositories: Map<string, HubContent>;
  /** Every request: "GET /api/models/…", with " +token" where one came. */
  asked: string[];
  /** Looked at before each answer. */
  fault: Fault | undefined;
  /** Files of a page. */
  pageSize: number;
  /** The commit of every repository. */
  commit: string;
  close(): void;
}

const sha256 = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
const gitSha1 = (content: Uint8Array) =>
  createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");

/** Starts one. */
export async function startHub(): Promise<HubServer> {
  const blobs = new Map<string, Buffer>();
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, hub.url);
    const path = decodeURIComponent(pathname);
    hub.asked.push(`${request.method} ${path}${request.headers.authorization ? " +token" : ""}`);
    if (hub.fault && (await hub.fault(request, response, path)) !== "pass") return;
    const body = await read(request);
    const json = (value: unknown, headers = {}) =>
      response.writeHead(200, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(value));
    const missing = (code: string) => response.writeHead(404, { "X-Error-Code": code }).end("{}");
    if (path.startsWith("/blob/")) return request.method === "PUT" ? put(path) : send(blobs.get(path.slice(6))!);

    function put(to: string) {
      blobs.set(to.slice(6), body);
      response.end();
    }
    function send(content: Buffer) {
      const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const range = start > 0 && { "Content-Range": `bytes ${start}-${content.length - 1}/${content.length}` };
      response.writeHead(start > 0 ? 206 : 200, { "Content-Length": content.length - start, ...range });
      response.end(content.subarray(start));
    }

    if (path === "/api/repos/create") {
      const { organization, name, type } = JSON.parse(String(body));
      const key = `${type}s/${organization}/${name}`;
      if (hub.repositories.has(key)) return response.writeHead(409).end();
      hub.repositories.set(key, new Map());
      return json({ url: `${hub.url}/${organization}/${name}` });
    }
    const [, api, kind = "models/", name, rest] =
      /^\/(api\/)?(models\/|datasets\/)?([^/]+\/[^/.]+)(?:\.git)?\/(.*)$/.exec(path) ?? [];
    const files = hub.repositories.get(kind + name);
    if (!files) return missing("RepoNotFound");
    if (api && rest.startsWith("revision/")) {
      return ["revision/main", `revision/${hub.commit}`].includes(rest)
        ? json({ sha: hub.commit })
        : missing("RevisionNotFound");
    }
    if (api && rest.startsWith("tree/")) {
      const start = Number(searchParams.get("cursor") ?? 0);
      const entries = [...files].map(([file, content]) => ({
        ...{ type: "file", path: file, size: content.length, oid: gitSha1(content) },
        ...(content.length >= LARGE && { lfs: { oid: sha256(content), size: content.length, pointerSize: 130 } }),
      }));
      const more = start + hub.pageSize < entries.length;
      const link = `<${hub.url}${pathname}?recursive=true&cursor=${start + hub.pageSize}>; rel="next"`;
      return json(entries.slice(start, start + hub.pageSize), more ? { Link: link } : {});
    }
    if (rest.startsWith("resolve/")) {
      const content = files.get(rest.split("/").slice(2).join("/"));
      if (!content) return missing("EntryNotFound");
      if (content.length < LARGE) return send(content);
      blobs.set(sha256(content), content);
      return response
        .writeHead(302, { Location: `${hub.url.replace("127.0.0.1", "localhost")}/blob/${sha256(content)}` })
        .end();
    }
    if (api && rest === "preupload/main") {
      const { files: asked } = JSON.parse(String(body));
      return json({
        files: asked.map(({ path: file, size }: { path: string; size: number }) => ({
          path: file,
          uploadMode: size >= LARGE ? "lfs" : "regular",
        })),
      });
    }
    if (rest === "info/lfs/objects/batch") {
      const { objects } = JSON.parse(String(body));
      return json({
        transfer: "basic",
        objects: objects.map(({ oid, size }: { oid: string; size: number }) => ({
          ...{ oid, size },
          ...(blobs.has(oid) ? {} : { actions: { upload: { href: `${hub.url}/blob/${oid}` } } }),
        })),
      });
    }
    if (api && rest === "commit/main") {
      for (const line of String(body).trim().split("\n")) {
        const { key, value } = JSON.parse(line);
        if (key === "file") files.set(value.path, Buffer.from(value.content, value.encoding));
        if (key === "lfsFile") files.set(value.path, blobs.get(value.oid)!);
        if (key === "deletedFile") files.delete(value.path);
      }
      return json({ commitOid: hub.commit, commitUrl: `${hub.url}/${name}/commit/${hub.commit}`, hookOutput: "" });
    }
    return missing("EntryNotFound");
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const hub: HubServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repositories: new Map(),
    asked: [],
    fault: undefined,
    pageSize: 2,
    commit: "c0ffee00".repeat(5),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return hub;
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}
