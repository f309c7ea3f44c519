/**
 * What a person has done and the server has not been told yet. It is written down in the same
 * moment, which only `localStorage` can: a page that goes takes with it what IndexedDB has begun.
 * Each has a name of its own, so that tabs write past each other.
 */
import type { Deferred } from '../stores/undo';
import type { UserId } from '../protocol/generated';

const prefix = (user: UserId): string => `rill deferred ${user} `;
const nameOf = (user: UserId, { ask }: Deferred): string => prefix(user) + ask.clientId;

/** Nothing where the browser keeps nothing: then it lives as long as the tab. */
function stored<T>(use: (storage: Storage) => T): T | null {
  try {
    return use(localStorage);
  } catch {
    return null;
  }
}

export function keepDeferred(user: UserId, act: Deferred): void {
  stored((storage) => {
    storage.setItem(nameOf(user, act), JSON.stringify(act));
  });
}

export function dropDeferred(user: UserId, act: Deferred): void {
  stored((storage) => {
    storage.removeItem(nameOf(user, act));
  });
}

export function isKept(user: UserId, act: Deferred): boolean {
  return stored((storage) => storage.getItem(nameOf(user, act)) !== null) ?? false;
}

/** In the order in which they were done: client ids sort by time. */
export function allDeferred(user: UserId): Deferred[] {
  return (
    stored((storage) =>
      Object.keys(storage)
        .filter((name) => name.startsWith(prefix(user)))
        .sort()
        .map((name) => JSON.parse(storage.getItem(name) ?? '') as Deferred),
    ) ?? []
  );
}

/** Of whoever has logged out nothing stays. */
export function forgetDeferred(user: UserId): void {
  for (const act of allDeferred(user)) dropDeferred(user, act);
}

/**
 * Runs `work` while no other tab has the act: it may be taken back there, and is done there. A tab
 * that is gone has it no more.
 */
export async function claim(user: UserId, act: Deferred, work: () => Promise<void>): Promise<void> {
  // Not everywhere are there locks: without them both ask, under one client id.
  const locks = (navigator as { locks?: LockManager }).locks;
  if (locks) await locks.request(nameOf(user, act), work);
  else await work();
}
