/**
 * Tickets for the next connection. Each is good once. `Welcome` brings the next one, so
 * that a reconnect needs no HTTP request; without one the cookie gets some.
 */
import type { Ticket } from '../protocol/generated';
import { RECONNECT_TICKET_LIFE_MS, TICKET_LIFE_MS } from '../protocol/generated';
import type { Clock } from './clock';

/** Not on the last second of its life. */
const MARGIN_MS = 5_000;

export class Tickets {
  private held: { ticket: Ticket; untilMs: number }[] = [];

  constructor(
    private readonly fetchSome: (count: number) => Promise<Ticket[]>,
    private readonly clock: Clock,
  ) {}

  /** From a `Welcome`. */
  keep(ticket: Ticket): void {
    this.held = [{ ticket, untilMs: this.clock.now() + RECONNECT_TICKET_LIFE_MS - MARGIN_MS }];
  }

  /** The server does not take them: the next come by the cookie. */
  clear(): void {
    this.held = [];
  }

  get any(): boolean {
    return this.held.some(({ untilMs }) => untilMs > this.clock.now());
  }

  /** Asks for as many at once as a race may need. */
  async prepare(count: number): Promise<void> {
    if (this.any) return;
    const untilMs = this.clock.now() + TICKET_LIFE_MS - MARGIN_MS;
    this.held = (await this.fetchSome(count)).map((ticket) => ({ ticket, untilMs }));
  }

  async take(): Promise<Ticket> {
    await this.prepare(1);
    const next = this.held.shift();
    if (!next) throw new Error('the server gave no ticket');
    return next.ticket;
  }
}
