/**
 * The few things that go over HTTP: who one is, on which devices, and tickets for
 * connections. The
 * session's cookie is the browser's business; no script ever sees it.
 */
import { describeBrowser } from '../text/browser';

export interface ServerInfo {
  name: string;
  version: string;
  protocol: number;
  webtransport: { port: number; path: string; certificate_hashes: string[] } | null;
  websocket: { path: string };
  limits: {
    text_bytes_max: number;
    room_name_chars_max: number;
    username_chars_min: number;
    username_chars_max: number;
    password_bytes_min: number;
    password_bytes_max: number;
  };
  demo: boolean;
  registration: 'open' | 'invitation' | 'closed';
  /** No account exists yet: whoever registers becomes the administrator. */
  first_account: boolean;
}

export interface Me {
  user: { id: string; name: string };
  session: string;
  administrator: boolean;
}

/** A login of one's own, on this device or another. */
export interface Device {
  id: string;
  client: string;
  created_ms: number;
  used_ms: number;
  current: boolean;
}

export interface NameCheck {
  name: string;
  available: boolean;
  code: string | null;
}

/** An answer that is not a success. `name` is the code's; `network` when none came. */
export class HttpFailed extends Error {
  constructor(
    override readonly name: string,
    readonly code: number | null,
    readonly action: string,
    detail: string,
    /** How long the server asks to wait. */
    readonly waitS: number | null = null,
  ) {
    super(detail);
  }
}

/** How long an answer may take. */
const ANSWER_TIMEOUT_MS = 15_000;
/** The same of one to a picture. */
const BYTES_TIMEOUT_MS = 60_000;

interface ErrorBody {
  error?: { code?: number; name?: string; action?: string; detail?: string };
}

export function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  if (body === undefined) return ask(method, path, {}, ANSWER_TIMEOUT_MS);
  const headers = { 'content-type': 'application/json' };
  return ask(method, path, { headers, body: JSON.stringify(body) }, ANSWER_TIMEOUT_MS);
}

/** Bytes as they are, which take as long as the line does. */
export function send<T>(
  method: string,
  path: string,
  bytes: Blob | null,
  headers: Record<string, string> = {},
): Promise<T> {
  return ask(method, path, { headers, body: bytes }, BYTES_TIMEOUT_MS);
}

async function ask<T>(method: string, path: string, more: RequestInit, timeoutMs: number): Promise<T> {
  let response: Response;
  try {
    const init: RequestInit = { ...more, method, signal: AbortSignal.timeout(timeoutMs), cache: 'no-store' };
    response = await fetch(`/api/v1/${path}`, init);
  } catch (error) {
    throw new HttpFailed('network', null, 'retry', String(error));
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const found = (await response.json().catch(() => ({}))) as ErrorBody;
  const { code = null, name, action = 'retry', detail = response.statusText } = found.error ?? {};
  // A proxy in front answers for a server that is down, in words of its own.
  const known = name ?? (response.status >= 500 ? 'network' : 'unexpected');
  throw new HttpFailed(known, code, action, detail, waitOf(response));
}

/** `Retry-After` in seconds; the server never sends a date. */
function waitOf(response: Response): number | null {
  const text = response.headers.get('retry-after');
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : null;
}

const CLIENT = 'rill-web/0.1.0';

/** What one's own list of devices shows of this one. */
function clientOf(userAgent: string): string {
  const { browser, system } = describeBrowser(userAgent);
  return `${CLIENT} (${browser}; ${system})`;
}

export const http = {
  server: () => call<ServerInfo>('GET', 'server'),
  me: () => call<Me>('GET', 'me'),
  login: (username: string, password: string) =>
    call<unknown>('POST', 'login', { username, password, client: clientOf(navigator.userAgent) }),
  register: (username: string, password: string, invitation?: string) =>
    call<unknown>('POST', 'register', {
      username,
      password,
      client: clientOf(navigator.userAgent),
      ...(invitation === undefined ? {} : { invitation }),
    }),
  logout: () => call<undefined>('POST', 'logout'),
  username: (name: string, invitation: string) => {
    const query = invitation === '' ? '' : `?invitation=${encodeURIComponent(invitation)}`;
    return call<NameCheck>('GET', `usernames/${encodeURIComponent(name)}${query}`);
  },
  password: (current: string, fresh: string) => call<undefined>('POST', 'password', { current, new: fresh }),
  devices: () => call<{ sessions: Device[] }>('GET', 'sessions'),
  endDevice: (id: string) => call<undefined>('DELETE', `sessions/${encodeURIComponent(id)}`),
  endOtherDevices: () => call<undefined>('DELETE', 'sessions'),
  tickets: (count: number) => call<{ tickets: string[] }>('POST', 'tickets', { count }),
};

/** Where the bytes of a message's file are, for what the browser fetches by itself. */
export function fileAddress(room: string, seq: number): string {
  return `/api/v1/rooms/${encodeURIComponent(room)}/files/${String(seq)}`;
}

/**
 * Whether this way leads to the file: it does, it does not, what answers says that the server
 * is away or has too much to do, or nothing answers.
 */
export type FileWay = 'goes' | 'refused' | 'away' | 'gone';

export async function fileWay(room: string, seq: number): Promise<FileWay> {
  const asked = { method: 'HEAD', signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) };
  try {
    const { ok, status } = await fetch(fileAddress(room, seq), asked);
    if (ok) return 'goes';
    return status >= 500 || status === 429 ? 'away' : 'refused';
  } catch {
    return 'gone';
  }
}

/** What the server has of a file that is being sent. */
export interface Arrived {
  /** Null where it does not say. */
  bytes: number | null;
  /** There is nothing more to ask: it is all there, or not for this user. */
  over: boolean;
}

/** Only the head of the answer is read: it says where the bytes end that there are. */
export async function arrived(room: string, seq: number, knownBytes: number): Promise<Arrived> {
  const enough = new AbortController();
  const late = setTimeout(() => {
    enough.abort();
  }, ANSWER_TIMEOUT_MS);
  const headers = { range: `bytes=${String(Math.max(0, knownBytes - 1))}-` };
  try {
    const answer = await fetch(fileAddress(room, seq), { headers, signal: enough.signal, cache: 'no-store' });
    const found = /^bytes \d+-(\d+)\/(\d+)$/.exec(answer.headers.get('content-range') ?? '');
    if (answer.status !== 206 || !found) return { bytes: null, over: SAY_NO_MORE.includes(answer.status) };
    const bytes = Number(found[1]) + 1;
    return { bytes, over: bytes >= Number(found[2]) };
  } catch {
    return { bytes: null, over: false };
  } finally {
    clearTimeout(late);
    enough.abort();
  }
}

/** The login is over, or the file is not, or no longer, for this user. */
const SAY_NO_MORE = [401, 403, 404, 410];

export { CLIENT as CLIENT_NAME };
