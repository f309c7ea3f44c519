/**
 * The few things that go over HTTP: who one is, and tickets for connections. The
 * session's cookie is the browser's business; no script ever sees it.
 */
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
}

export interface Me {
  user: { id: string; name: string };
  session: string;
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
  ) {
    super(detail);
  }
}

/** How long an answer may take. */
const ANSWER_TIMEOUT_MS = 15_000;

interface ErrorBody {
  error?: { code?: number; name?: string; action?: string; detail?: string };
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    const init: RequestInit = { method, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS), cache: 'no-store' };
    if (body !== undefined) {
      init.headers = { 'content-type': 'application/json' };
      init.body = JSON.stringify(body);
    }
    response = await fetch(`/api/v1/${path}`, init);
  } catch (error) {
    throw new HttpFailed('network', null, 'retry', String(error));
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const found = (await response.json().catch(() => ({}))) as ErrorBody;
  const { code = null, name, action = 'retry', detail = response.statusText } = found.error ?? {};
  // A proxy in front answers for a server that is down, in words of its own.
  throw new HttpFailed(name ?? (response.status >= 500 ? 'network' : 'unexpected'), code, action, detail);
}

const CLIENT = 'rill-web/0.1.0';

export const http = {
  server: () => call<ServerInfo>('GET', 'server'),
  me: () => call<Me>('GET', 'me'),
  login: (username: string, password: string) =>
    call<Me>('POST', 'login', { username, password, client: CLIENT }),
  register: (username: string, password: string) =>
    call<Me>('POST', 'register', { username, password, client: CLIENT }),
  logout: () => call<undefined>('POST', 'logout'),
  username: (name: string) => call<NameCheck>('GET', `usernames/${encodeURIComponent(name)}`),
  tickets: (count: number) => call<{ tickets: string[] }>('POST', 'tickets', { count }),
};

export { CLIENT as CLIENT_NAME };
