/** Names of people: asked for once each, many at a time, when somebody appears who has none. */
import { USERS_PER_REQUEST_MAX } from '../protocol/generated';
import type { UserId } from '../protocol/generated';
import type { Person } from './model';

/** Names kept; past it the oldest go and would be asked for again. */
const NAMES_MAX = 20_000;

export class People {
  private readonly names = new Map<UserId, string>();
  private readonly wanted = new Set<UserId>();
  private asking = false;

  constructor(
    private readonly ask: (ids: UserId[]) => Promise<Person[]>,
    private readonly learnt: (people: Person[]) => void,
    /** Somebody has appeared somewhere. */
    private readonly seen: (id: UserId) => void = () => undefined,
  ) {}

  know(people: Person[]): void {
    const fresh = people.filter(({ id, name }) => this.names.get(id) !== name);
    for (const { id, name } of fresh) {
      this.names.set(id, name);
      this.wanted.delete(id);
    }
    for (const oldest of this.names.keys()) {
      if (this.names.size <= NAMES_MAX) break;
      this.names.delete(oldest);
    }
    if (fresh.length > 0) this.learnt(fresh);
  }

  /** If nothing is known of them yet. */
  knowFirst(person: Person): void {
    if (!this.names.has(person.id)) this.know([person]);
  }

  want(id: UserId): void {
    this.seen(id);
    if (this.names.has(id)) return;
    this.wanted.add(id);
    if (this.asking) return;
    this.asking = true;
    // A page of history names many at once.
    queueMicrotask(() => void this.askAll());
  }

  /** A new connection: what the last one did not answer is asked again. */
  again(): void {
    if (this.wanted.size > 0 && !this.asking) {
      this.asking = true;
      void this.askAll();
    }
  }

  private async askAll(): Promise<void> {
    try {
      while (this.wanted.size > 0) {
        const ids = [...this.wanted].slice(0, USERS_PER_REQUEST_MAX);
        const found = new Map((await this.ask(ids)).map(({ id, name }) => [id, name]));
        // An account that is gone has no name; asking again would not help.
        this.know(ids.map((id) => ({ id, name: found.get(id) ?? '' })));
        for (const id of ids) this.wanted.delete(id);
      }
    } catch {
      // Without a connection: `again` comes with the next.
    } finally {
      this.asking = false;
    }
  }
}
