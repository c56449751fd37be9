/**
 * @file The proxy that a request goes through, as the environment names it for curl and others: HTTPS_PROXY,
 * HTTP_PROXY, ALL_PROXY and NO_PROXY, in capitals or not.
 *
 * Tunnels are made by Node's own `http`: agents from elsewhere cannot be timed out while a proxy is silent, and tell
 * its answer apart from the server's by guessing.
 */
import { type IncomingMessage, request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { BlockList, isIP, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { UserError } from "../../errors.js";

/** A proxy and where it is named. */
export interface HttpProxy {
  url: URL;
  /** The variable, as HTTPS_PROXY. */
  variable: string;
}

/** As a message shows it: without its password. */
export const describeProxy = ({ url, variable }: HttpProxy): string =>
  `the proxy ${url.protocol}//${url.host} (${variable})`;

type Environment = Record<string, string | undefined>;

/**
 * The proxy for an address; undefined where the request goes straight to the server.
 *
 * @throws UserError when the variable names none of http or https
 */
export function proxyFor(address: URL, environment: Environment = process.env): HttpProxy | undefined {
  const scheme = address.protocol.slice(0, -1);
  const variable = [`${scheme}_proxy`, `${scheme}_proxy`.toUpperCase(), "all_proxy", "ALL_PROXY"].find(
    (name) => environment[name] !== undefined,
  );
  const value = variable && environment[variable]?.trim();
  if (!value || isExcepted(address, environment.no_proxy ?? environment.NO_PROXY ?? "")) return undefined;
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`; // as curl has it
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ["http:", "https:"].includes(url.protocol) && url.hostname !== "") return { url, variable };
  const shown = url?.host ? `${url.protocol}//${url.host}` : "no address";
  throw new UserError(
    "environment",
    `Expected an http or https proxy in ${variable}, such as http://proxy.example:3128, got ${shown}. ` +
      "Set it to such a proxy, or unset it.",
  );
}

/**
 * Whether NO_PROXY lists an address: host names stand for themselves and all below them, with or without a port;
 * addresses and networks as 10.0.0.0/8 for themselves; `*` for everything.
 */
function isExcepted({ hostname, port, protocol }: URL, list: string): boolean {
  const host = bare(hostname).toLowerCase();
  const ownPort = port || (protocol === "https:" ? "443" : "80");
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true;
    const [, name, onlyPort = ownPort] = /^(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (!name || onlyPort !== ownPort) return false;
    if (isIP(host) !== 0) return isInNetwork(host, bare(name));
    const suffix = name.replace(/^\*?\./, "");
    return host === suffix || host.endsWith(`.${suffix}`);
  });
}

/** Of an IPv6 address without its brackets. */
const bare = (host: string): string => host.replace(/^\[(.*)\]$/, "$1");

/** Whether an address is another one, or lies in a network "10.0.0.0/8". */
function isInNetwork(address: string, network: string): boolean {
  const [base, bits] = network.split("/");
  const family = isIP(base) === 6 ? "ipv6" : "ipv4";
  const longest = family === "ipv6" ? 128 : 32;
  const prefix = bits === undefined ? longest : Number(bits);
  if (isIP(base) === 0 || !(Number.isInteger(prefix) && prefix >= 0 && prefix <= longest)) return false;
  const list = new BlockList();
  list.addSubnet(base, prefix, family);
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** What a request over http asks a proxy for, in place of the server. */
export function forwarded(address: URL, { url }: HttpProxy) {
  const { hostname, port } = placeOf(url);
  return {
    protocol: url.protocol,
    hostname,
    port,
    path: address.href.replace(/#.*$/s, "").replace(/\/\/[^/@]*@/, "//"),
    headers: { Host: address.host, ...authorization(url) },
  };
}

/** Where a proxy listens. */
const placeOf = ({ hostname, port, protocol }: URL) => ({
  hostname: bare(hostname),
  port: Number(port) || (protocol === "https:" ? 443 : 80),
});

function authorization({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const pair = `${decoded(username)}:${decoded(password)}`;
  return { "Proxy-Authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** Text of a URL, also where a percent sign in it stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The proxy has answered a tunnel with something else than 200. */
export class ProxyAnswer extends Error {
  constructor(readonly answer: Pick<IncomingMessage, "statusCode" | "statusMessage">) {
    super(`${answer.statusCode} ${answer.statusMessage}`);
  }
}

export interface TunnelOptions {
  signal?: AbortSignal;
  /** How long the proxy may be silent. */
  idleMs: number;
  /** What to throw when it was. */
  silence: () => Error;
}

/**
 * An encrypted connection with a server through a proxy (CONNECT, RFC 9110 §9.3.6).
 *
 * @throws ProxyAnswer when the proxy does not connect; what the connection with it throws
 */
export async function tunnel(
  address: URL,
  proxy: HttpProxy,
  { signal, idleMs, silence }: TunnelOptions,
): Promise<TLSSocket> {
  const host = bare(address.hostname);
  const target = `${address.hostname}:${address.port || 443}`;
  const socket = await new Promise<Socket>((resolve, reject) => {
    const asked = (proxy.url.protocol === "https:" ? overHttps : overHttp)({
      ...placeOf(proxy.url),
      method: "CONNECT",
      path: target,
      headers: { Host: target, "User-Agent": "strata", ...authorization(proxy.url) },
      agent: false,
      signal,
    });
    asked.setTimeout(idleMs, () => asked.destroy(silence()));
    asked.on("error", reject);
    asked.on("connect", (answer, connection: Socket, head) => {
      connection.setTimeout(0);
      if (head.length > 0) connection.unshift(head);
      if (answer.statusCode! < 300) return resolve(connection);
      connection.destroy();
      reject(new ProxyAnswer(answer));
    });
    asked.on("response", (answer) => {
      answer.destroy();
      reject(new ProxyAnswer(answer));
    });
    asked.end();
  });
  return connect({ socket, host, ...(isIP(host) === 0 && { servername: host }) });
}
