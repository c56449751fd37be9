/**
 * @file A small proxy: it forwards requests over http and makes tunnels, all of them to one server, whatever they are
 * for.
 */
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";

export interface TestProxy {
  port: number;
  /** What it was asked for: "GET http://files.test/x", "CONNECT files.test:443", with the name and password given. */
  asked: string[];
  /** Answers everything with this status. */
  status?: number;
  /** Accepts, and says nothing. */
  silent?: boolean;
  close(): void;
}

/** Starts a proxy in front of the server at a port of this machine. */
export async function startProxy(serverPort: number): Promise<TestProxy> {
  const server = createServer();
  const sockets = new Set<{ destroy(): unknown }>();
  const proxy: TestProxy = {
    port: 0,
    asked: [],
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  const note = (what: string, credentials: string | undefined) => {
    const pair = credentials && ` ${Buffer.from(credentials.replace("Basic ", ""), "base64")}`;
    proxy.asked.push(`${what}${pair ?? ""}`);
  };
  server.on("connection", (socket) => sockets.add(socket));
  server.on("request", ({ method, url, headers }, response) => {
    note(`${method} ${url}`, headers["proxy-authorization"]);
    if (proxy.silent) return;
    if (proxy.status) return void response.writeHead(proxy.status).end("refused");
    const { "proxy-authorization": _, ...others } = headers;
    const path = new URL(url!).pathname;
    request({ host: "127.0.0.1", port: serverPort, method, path, headers: others }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    }).end();
  });
  server.on("connect", ({ method, url, headers }, socket) => {
    note(`${method} ${url}`, headers["proxy-authorization"]);
    if (proxy.silent) return;
    if (proxy.status) return void socket.end(`HTTP/1.1 ${proxy.status} Refused\r\n\r\n`);
    const onward = connect(serverPort, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connected\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    sockets.add(onward);
    for (const end of [socket, onward]) end.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy.port = (server.address() as AddressInfo).port;
  return proxy;
}
