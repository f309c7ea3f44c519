/**
 * What is wanted of the server under a key, where the newest value alone counts: one request
 * of a key at a time. What a lost connection left open is asked again on the next, under the
 * same client id; what is refused for good is given up.
 */
import { newId } from '../protocol/id';
import type { ClientId } from '../protocol/generated';
import type { Clock } from './clock';
import { RequestFailed } from './request_failed';
import type { Session } from './session';

/** Before what was refused for the moment is asked again. */
const AGAIN_AFTER_MS = 3_000;

interface Wish<V> {
  value: V;
  clientId: ClientId;
}

export class Wishes<K, V> {
  private readonly open = new Map<K, Wish<V>>();
  private readonly busy = new Set<K>();
  private session: Session | null = null;

  constructor(
    private readonly clock: Clock,
    /** Between two requests of one key. */
    private readonly pauseMs: number,
    private readonly ask: (session: Session, key: K, wish: Readonly<Wish<V>>) => Promise<void>,
    /** Granted or refused; and whether nothing newer is wanted. */
    private readonly ended: (key: K, value: V, granted: boolean, latest: boolean) => void,
  ) {}

  of(key: K): V | undefined {
    return this.open.get(key)?.value;
  }

  set(key: K, value: V): void {
    this.open.set(key, { value, clientId: newId(this.clock.now()) });
    void this.next(key);
  }

  drop(key: K): void {
    this.open.delete(key);
  }

  /** A connection, or none. */
  connected(session: Session | null): void {
    this.session = session;
    if (session) for (const key of [...this.open.keys()]) void this.next(key);
  }

  private async next(key: K): Promise<void> {
    const { session } = this;
    const wish = this.open.get(key);
    if (!session || !wish || this.busy.has(key)) return;
    this.busy.add(key);
    const pauseMs = await this.once(session, key, wish);
    if (pauseMs === null) {
      this.busy.delete(key);
      // The next connection may have come before the end of this one was heard.
      if (this.session !== session) void this.next(key);
      return;
    }
    this.clock.after(pauseMs, () => {
      this.busy.delete(key);
      void this.next(key);
    });
  }

  /** How long to wait before the key's next request; null where there is no connection. */
  private async once(session: Session, key: K, wish: Wish<V>): Promise<number | null> {
    let granted = true;
    try {
      await this.ask(session, key, wish);
    } catch (error) {
      if (!(error instanceof RequestFailed)) return null;
      if (error.action === 'retry') return AGAIN_AFTER_MS;
      granted = false;
    }
    const latest = this.open.get(key) === wish;
    if (latest) this.open.delete(key);
    this.ended(key, wish.value, granted, latest);
    return this.pauseMs;
  }
}
