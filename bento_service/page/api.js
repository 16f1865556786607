// Talks to the API beside this page: tokens, waiting, and errors in words.

const BASE = new URL("../api/v1/", import.meta.url);
const KEPT = "titanic-token";
const SLOW_AFTER = 3000;
const GIVES_UP_AFTER = 60000;

let refused = false;

/** What the API, or the way to it, had to say against a request. */
export class ApiError extends Error {
  constructor(message, { status = 0, type = "", field = null, retryAfter = 0 } = {}) {
    super(message);
    Object.assign(this, { status, type, field, retryAfter });
  }

  /** Whether the service did not answer at all. */
  get unreachable() {
    return this.status === 0;
  }
}

export const token = {
  get value() {
    return sessionStorage.getItem(KEPT) ?? "";
  },
  use(value) {
    refused = false;
    sessionStorage.setItem(KEPT, value);
    dispatchEvent(new CustomEvent("token-given"));
  },
  forget() {
    sessionStorage.removeItem(KEPT);
  },
  /** Whether the API wants one that it has not been given: asking on is then of no use. */
  get missing() {
    return refused;
  },
};

/**
 * One request. `onSlow` is called when the answer takes its time. Events tell the rest of the page
 * whether the service is there (`reached`, `unreachable`) and whether it wants a token.
 */
export async function ask(path, { json, csv, onSlow } = {}) {
  const headers = { Accept: "application/json" };
  if (token.value) headers.Authorization = `Bearer ${token.value}`;
  const body = csv ?? (json === undefined ? undefined : JSON.stringify(json));
  if (body !== undefined) headers["Content-Type"] = csv === undefined ? "application/json" : "text/csv";
  const slow = onSlow && setTimeout(onSlow, SLOW_AFTER);
  let response;
  let content;
  try {
    response = await fetch(new URL(path, BASE), {
      method: body === undefined ? "GET" : "POST",
      headers,
      body,
      signal: AbortSignal.timeout(GIVES_UP_AFTER),
      credentials: "omit",
      cache: "no-store",
    });
    content = await response.text();
  } catch (error) {
    dispatchEvent(new CustomEvent("unreachable"));
    const why = error.name === "TimeoutError"
      ? `The service has not answered within ${GIVES_UP_AFTER / 1000} seconds. Try again in a while.`
      : "The service cannot be reached. Is it running, and is this machine connected to it?";
    throw new ApiError(why);
  } finally {
    clearTimeout(slow);
  }
  dispatchEvent(new CustomEvent("reached"));
  return read(response, content);
}

function read(response, content) {
  let answer;
  try {
    answer = JSON.parse(content);
  } catch {
    answer = null;
  }
  if (response.ok && answer !== null) return answer;
  const told = answer?.error ?? {};
  const error = new ApiError(told.message ?? `The service answered ${response.status} without saying why.`, {
    status: response.status,
    type: told.type,
    field: told.field ?? null,
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
  });
  if (response.status === 401) {
    refused = true;
    dispatchEvent(new CustomEvent("token-wanted", { detail: error.message }));
  }
  throw error;
}
