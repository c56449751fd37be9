import { expect, test } from "vitest";
import { describeProxy, forwarded, proxyFor } from "./proxy.js";

const proxyOf = (address: string, environment: Record<string, string>) => {
  const proxy = proxyFor(new URL(address), environment);
  return proxy && describeProxy(proxy);
};
const [secure, plain] = ["https://data.example.org/file", "http://data.example.org/file"];

test.each<[string, string, Record<string, string>, string | undefined]>([
  ["nothing", secure, {}, undefined],
  ["capitals", secure, { HTTPS_PROXY: "http://proxy:3128" }, "the proxy http://proxy:3128 (HTTPS_PROXY)"],
  ["small letters", secure, { https_proxy: "http://proxy:3128/" }, "the proxy http://proxy:3128 (https_proxy)"],
  ["both", secure, { HTTPS_PROXY: "http://a", https_proxy: "http://b" }, "the proxy http://b (https_proxy)"],
  ["the other scheme's", secure, { HTTP_PROXY: "http://proxy:3128" }, undefined],
  ["its own scheme's", plain, { HTTP_PROXY: "http://proxy:3128" }, "the proxy http://proxy:3128 (HTTP_PROXY)"],
  ["one for all", plain, { ALL_PROXY: "http://proxy" }, "the proxy http://proxy (ALL_PROXY)"],
  [
    "one for all and one for https",
    secure,
    { all_proxy: "http://a", HTTPS_PROXY: "http://b" },
    "the proxy http://b (HTTPS_PROXY)",
  ],
  ["an empty one", secure, { https_proxy: "", HTTPS_PROXY: "http://b" }, undefined],
  ["no scheme", secure, { HTTPS_PROXY: "proxy.corp:8080" }, "the proxy http://proxy.corp:8080 (HTTPS_PROXY)"],
  ["encrypted", secure, { HTTPS_PROXY: "https://proxy" }, "the proxy https://proxy (HTTPS_PROXY)"],
  [
    "a password, never shown",
    secure,
    { HTTPS_PROXY: "http://me:secret@proxy:1" },
    "the proxy http://proxy:1 (HTTPS_PROXY)",
  ],
])("of the environment: %s", (_, address, environment, expected) => {
  expect(proxyOf(address, environment)).toBe(expected);
});

test.each<[string, string, boolean]>([
  ["*", secure, true],
  ["example.org", secure, true],
  [".example.org", secure, true],
  ["*.example.org", secure, true],
  ["DATA.example.ORG", secure, true],
  ["other, data.example.org", secure, true],
  ["other data.example.org", secure, true],
  ["data.example.org:443", secure, true],
  ["data.example.org:443", plain, false],
  ["ample.org", secure, false],
  ["example.org.evil", secure, false],
  ["", secure, false],
  [",", secure, false],
  ["127.0.0.1", "http://127.0.0.1:8080/x", true],
  ["127.0.0.1:8080", "http://127.0.0.1:8080/x", true],
  ["127.0.0.1:80", "http://127.0.0.1:8080/x", false],
  ["10.0.0.0/8", "https://10.20.30.40/x", true],
  ["10.0.0.0/8", "https://11.20.30.40/x", false],
  ["10.0.0.0/99", "https://10.20.30.40/x", false],
  ["localhost", "https://127.0.0.1/x", false],
  ["::1", "https://[::1]/x", true],
  ["[::1]", "https://[::1]/x", true],
  ["[::1]:443", "https://[::1]/x", true],
  ["fd00::/8", "https://[fd12::1]/x", true],
  ["10.0.0.0/8", "https://[fd12::1]/x", false],
])("NO_PROXY %j and %s", (list, address, excepted) => {
  const environment = { ALL_PROXY: "http://proxy:1" };
  expect(proxyOf(address, { ...environment, NO_PROXY: list }) === undefined).toBe(excepted);
  expect(proxyOf(address, { ...environment, no_proxy: list, NO_PROXY: "" }) === undefined).toBe(excepted);
});

test.each([
  ["socks5://me:secret@proxy:1080", "got socks5://proxy:1080"],
  ["http://", "got no address"],
  ["http://me:secret@:0:x", "got no address"],
])("%s is refused without its password", (value, got) => {
  const refused = () => proxyFor(new URL(secure), { all_proxy: value });
  expect(refused).toThrow(`Expected an http or https proxy in all_proxy, such as http://proxy.example:3128, ${got}.`);
  expect(refused).not.toThrow("secret");
});

test("what a proxy is asked over http has the whole address and, for the proxy, name and password", () => {
  const proxy = proxyFor(new URL(plain), { http_proxy: "http://me:p%40ss%@[::1]:3128" })!;
  expect(forwarded(new URL("http://you:too@data.example.org:81/a?b#c"), proxy)).toEqual({
    protocol: "http:",
    hostname: "::1",
    port: 3128,
    path: "http://data.example.org:81/a?b",
    headers: { Host: "data.example.org:81", "Proxy-Authorization": `Basic ${btoa("me:p%40ss%")}` },
  });
});
