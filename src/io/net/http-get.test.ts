import { expect, test } from "vitest";
import { connectionFailure, PassingFailure, redirected } from "./http-get.js";

const secure = new URL("https://a.example/files/one.bin");
const plain = new URL("http://a.example/files/one.bin");

test.each([
  [secure, "two.bin", "https://a.example/files/two.bin"],
  [secure, "//b.example/two.bin", "https://b.example/two.bin"],
  [plain, "https://b.example/", "https://b.example/"],
  [plain, "http://b.example/", "http://b.example/"],
])("from %s to %s", (from, location, to) => {
  expect(redirected(location, from).href).toBe(to);
});

test.each([
  [secure, "http://a.example/files/one.bin", "an https address"],
  [secure, "ftp://a.example/", "an https address"],
  [plain, "file:///etc/passwd", "an http or https address"],
  [plain, "data:text/plain,x", "an http or https address"],
  [plain, "http://[", "an http or https address"],
])("never from %s to %s", (from, location, kind) => {
  expect(() => redirected(location, from)).toThrow(`Expected ${from.href} to redirect to ${kind}, got ${location}.`);
});

test("some failures of a connection pass, others are the user's, the rest are ours", () => {
  const coded = (code: string) => Object.assign(new Error(""), { code });
  expect(connectionFailure(coded("ECONNRESET"), secure)).toBeInstanceOf(PassingFailure);
  expect(connectionFailure(coded("CERT_HAS_EXPIRED"), secure)).toMatchObject({
    name: "UserError",
    message: expect.stringContaining(`an answer from ${secure.href}, but the connection failed: CERT_HAS_EXPIRED.`),
  });
  const bug = new TypeError("x is undefined");
  expect(connectionFailure(bug, secure)).toBe(bug);
});
