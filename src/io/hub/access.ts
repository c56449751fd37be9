/** @file Which hub is asked, with which token, or whether none is: as the environment says it for other programs too. */
import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { homeFolder } from "../../cache-folder.js";
import { UserError } from "../../errors.js";
import { webAddress } from "../net/http-get.js";
import type { Patience } from "../net/persist.js";

/** How a hub is asked. */
export interface HubOptions {
  /** Its address. Default: `HF_ENDPOINT`, or Hugging Face's. */
  hubUrl?: string;
  /** Default: `HF_TOKEN`, or the file that `hf auth login` writes; an empty one is none. It is sent to the hub alone. */
  token?: string;
  /** Whether only what has been fetched before is used. Default: whether `HF_HUB_OFFLINE` says so. */
  offline?: boolean;
  /** When aborted, what has arrived is kept. */
  signal?: AbortSignal;
  /** Something worth saying, as a sentence. */
  onNotice?: (message: string) => void;
  /** Bytes of those to fetch or send that are done. */
  onProgress?: (bytes: number, total: number) => void;
  patience?: Patience;
}

/** Whom to ask and how. */
export interface HubAccess {
  /** Without a slash at its end. */
  url: string;
  token?: string;
  offline: boolean;
}

const HUGGING_FACE = "https://huggingface.co";

/**
 * What the options and the environment say together.
 *
 * @throws UserError for an address that is none, and for a token that cannot be one
 */
export function hubAccess({ hubUrl, token, offline, onNotice = () => {} }: HubOptions = {}): HubAccess {
  const { HF_ENDPOINT, HF_HUB_OFFLINE = "" } = process.env;
  const address = webAddress(hubUrl ?? (HF_ENDPOINT || HUGGING_FACE));
  const secret = checkedToken(token ?? savedToken());
  const isOpen = address.protocol === "http:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(address.hostname);
  if (secret && isOpen) onNotice(`The token is not sent to ${address.origin}, which is not encrypted: use https.`);
  return {
    url: address.href.replace(/\/+$/, ""),
    token: isOpen ? undefined : secret,
    offline: offline ?? /^(1|true|yes|on)$/i.test(HF_HUB_OFFLINE),
  };
}

/** The token of the environment, or that a login has saved. */
function savedToken(): string | undefined {
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN, HF_TOKEN_PATH } = process.env;
  const given = HF_TOKEN || HUGGING_FACE_HUB_TOKEN;
  const folder = hubHome();
  const file = HF_TOKEN_PATH || (folder && join(folder, "token"));
  return given || (file ? readToken(file) : undefined);
}

/** Where Hugging Face's own programs keep what is theirs. */
function hubHome(): string | undefined {
  const { HF_HOME, XDG_CACHE_HOME } = process.env;
  if (HF_HOME) return HF_HOME;
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "huggingface");
  const home = homeFolder();
  return home && join(home, ".cache", "huggingface");
}

function readToken(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // nobody has logged in
  }
}

/** A header takes no line breaks; and what cannot be a token is not shown either. */
function checkedToken(token: string | undefined): string | undefined {
  const text = token?.trim();
  if (!text) return undefined;
  if (/^[\x21-\x7e]{1,1000}$/.test(text)) return text;
  throw new UserError(
    "invalid-options",
    "Expected a token of the hub, one word, in HF_TOKEN or the file that a login writes, got something else. Log in again.",
  );
}
