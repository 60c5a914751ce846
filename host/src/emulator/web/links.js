// Which links open a bot of this house, and which may leave the page at all. Pure functions, no DOM.

const SAFE = new Set(["http:", "https:", "mailto:", "tel:", "tg:"]);
const TELEGRAM = new Set(["t.me", "telegram.me", "telegram.dog", "www.t.me"]);

/** The address as a URL if it is one that may be opened; `javascript:` and the like give `null`. */
export function safeUrl(text) {
  const trimmed = String(text ?? "").trim();
  if (!trimmed || /\s/.test(trimmed)) return null;
  const whole = /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(trimmed) ? trimmed : `https://${trimmed}`;
  try {
    const url = new URL(whole);
    return SAFE.has(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/**
 * What a Telegram link means: `{kind: "bot", username, payload}` with `payload` undefined where there is no `start`, or
 * `{kind: "share", text}`; anything else is `null`. Whether that bot lives in this house is for the caller to know.
 */
export function telegramLink(text) {
  const url = safeUrl(text);
  if (!url) return null;
  const query = url.searchParams;
  if (url.protocol === "tg:") {
    // Browsers disagree on whether `resolve` in `tg://resolve` is the host or the path.
    const verb = (url.host || url.pathname.replace(/^\/+/, "")).toLowerCase();
    if (verb === "resolve" && query.get("domain")) return bot(query.get("domain"), query);
    if (verb === "msg_url") return share(query);
    return null;
  }
  if (!TELEGRAM.has(url.hostname.toLowerCase())) return null;
  const path = url.pathname.split("/").filter(Boolean);
  if (path[0] === "share") return share(query);
  return path.length === 1 && /^\w{3,32}$/.test(path[0]) ? bot(path[0], query) : null;
}

function bot(username, query) {
  return { kind: "bot", username, payload: query.get("start") ?? undefined };
}

function share(query) {
  const parts = [query.get("text"), query.get("url")].filter(Boolean);
  return parts.length ? { kind: "share", text: parts.join("\n") } : null;
}

/** A payload has 1–64 characters of A–Z a–z 0–9 _ and -; real clients drop a link with any other. */
export const isPayload = (payload) => /^[\w-]{1,64}$/.test(payload);
