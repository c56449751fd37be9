/** @file What a hub is asked: short answers within bounds, and what its refusals mean. */
import type { IncomingMessage } from "node:http";
import { UserError } from "../../errors.js";
import { readAnswer } from "../net/answer.js";
import { ELSEWHERE, httpGet } from "../net/http-get.js";
import { PATIENCE, persist } from "../net/persist.js";
import type { HubAccess, HubOptions } from "./access.js";
import type { HubKind } from "./address.js";

/** A repository. */
export interface HubRepository {
  kind: HubKind;
  /** `OWNER/NAME`. */
  name: string;
}

/** Where its API and its files are; the second is the address of its page too. */
export const apiRoute = ({ url }: HubAccess, { kind, name }: HubRepository): string => `${url}/api/${kind}s/${name}`;
export const filesRoute = ({ url }: HubAccess, { kind, name }: HubRepository): string =>
  `${url}/${kind === "model" ? "" : `${kind}s/`}${name}`;

/** What the hub is told with every request. The token goes to the hub alone: {@link httpGet} leaves it out where another server takes over. */
export const hubHeaders = ({ token }: HubAccess): Record<string, string> => ({
  "User-Agent": "strata",
  "Accept-Encoding": "identity",
  ...(token && { Authorization: `Bearer ${token}` }),
});

/**
 * A short answer, whole.
 *
 * @param most - bytes that it may have
 * @throws UserError when the hub cannot be reached, refuses, or sends more
 */
export async function ask(
  url: string,
  repository: HubRepository,
  access: HubAccess,
  {
    most,
    signal,
    onNotice,
    patience = PATIENCE,
  }: Pick<HubOptions, "signal" | "onNotice" | "patience"> & { most: number },
): Promise<{ body: Buffer; headers: IncomingMessage["headers"] }> {
  const address = new URL(url);
  const attempt = async () => {
    const answer = await httpGet(address, { headers: hubHeaders(access), signal, idleMs: patience.idleMs });
    try {
      if (answer.statusCode !== 200) throw refusal(answer, repository, access);
      return { body: await readAnswer(answer, address, most), headers: answer.headers };
    } finally {
      answer.destroy();
    }
  };
  return elsewhere(() => persist(attempt, { url: address, signal, onNotice, patience }), access);
}

/** Runs a request, whose failures advise what helps with a hub. */
export async function elsewhere<T>(request: () => Promise<T>, { url }: HubAccess): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof UserError) || error.advice !== ELSEWHERE) throw error;
    const problem = error.message.replace(ELSEWHERE, "").trimEnd();
    const advice = `What was fetched before is found with \`offline: true\`; HF_ENDPOINT names another hub than ${url}.`;
    throw new UserError(error.code, problem, { advice, details: error.details });
  }
}

const NAMES: Record<HubKind, string> = { model: "model", dataset: "data set" };

/** What it means that a hub refuses, in one sentence with what to do. */
export function refusal(
  { statusCode = 0, statusMessage = "", headers }: Pick<IncomingMessage, "statusCode" | "statusMessage" | "headers">,
  { kind, name }: HubRepository,
  access: HubAccess,
  wish: "read" | "write" = "read",
): UserError {
  const page = filesRoute(access, { kind, name });
  const what = `the ${NAMES[kind]} ${name}`;
  const code = headers["x-error-code"];
  const login = `Log in with \`hf auth login\`, or let HF_TOKEN have a token that may ${wish} it.`;
  if (code === "GatedRepo") {
    const advice = access.token ? `Accept them there; the token's account has not.` : `Accept them there. ${login}`;
    return new UserError("network", `Expected ${what}, but its authors ask you to accept conditions: ${page}.`, {
      advice,
    });
  }
  if (code === "RevisionNotFound" || code === "EntryNotFound") {
    const missing = code === "EntryNotFound" ? "file" : "revision";
    return new UserError("not-found", `Expected ${what} to have that ${missing}, but the hub knows none: ${page}.`);
  }
  if (statusCode === 401 || statusCode === 403) {
    const why = access.token ? "the hub refuses the token" : "the hub asks for a token: it is private, or not there";
    return new UserError("network", `Expected ${what}, but ${why} (${statusCode}, ${page}).`, {
      advice: access.token ? "Give one that may do this in HF_TOKEN, and see that the name is right." : login,
    });
  }
  if (statusCode === 404) {
    const other = kind === "model" ? "data set, which `data` takes" : "model, which `run` takes";
    return new UserError("not-found", `Expected ${what}, but the hub has none of that name: ${page}.`, {
      advice: `See that the name is right, and not that of a ${other}.`,
    });
  }
  return new UserError("network", `Expected ${what}, but the hub says ${statusCode} ${statusMessage} (${page}).`);
}
