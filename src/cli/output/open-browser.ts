/** @file Opening a page in the user's browser, where there is one. */
import { spawn } from "node:child_process";

/** The program that opens an address; undefined where nobody would see the page. */
function opener(): [program: string, ...words: string[]] | undefined {
  if (!process.stderr.isTTY || process.env.SSH_CONNECTION) return undefined;
  if (process.platform === "darwin") return ["open"];
  if (process.platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  return process.env.DISPLAY || process.env.WAYLAND_DISPLAY ? ["xdg-open"] : undefined;
}

/** Opens an address. Where that fails, the user has it on the terminal. */
export function openBrowser(url: string): void {
  const [program, ...words] = opener() ?? [];
  if (program === undefined) return;
  spawn(program, [...words, url], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}
