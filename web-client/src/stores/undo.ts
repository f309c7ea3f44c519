/**
 * A moment to take back what was done. Where it stands:
 *
 * - What cannot be repaired afterwards, and concerns oneself or can be seen to be a slip, is shown as
 *   done at once and asked of the server when the moment is over: leaving, declining, removing one's
 *   own message, putting a member out.
 * - What has its own way back standing in the same place is done at once, without such a moment: a
 *   block must hold from the press on, and the same button lifts it.
 * - What changes much for others, or cannot be told from what was meant by its look, is asked before:
 *   a ban, handing the room over, what somebody else wrote, and deleting a room by its name.
 *
 * What was done is never lost. It is written down when it is pressed, and crossed out when the
 * server has answered. The moment ends early with the next such act, when the page is out of sight
 * (a phone ends such pages without a word) and before a logout. A page that is closed before it
 * could ask has left it written down: the next page of this user in this browser asks, unasked, for
 * whoever closes a page has decided; a repetition is the same by its client id. For as long as there
 * is no connection the moment lasts, and says so.
 */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { Line } from '../client/model';
import { KEY_LIFE_MS } from '../client/outbox';
import type { Requests } from '../client/port';
import { codeAction } from '../protocol/codes';
import { Code } from '../protocol/generated';
import type { ClientId, RoomId, UserId } from '../protocol/generated';
import { newId } from '../protocol/id';
import { allDeferred, claim, dropDeferred, isKept, keepDeferred } from '../storage/deferred';
import { RequestRefused } from './chat';
import { useLink } from './link';

export const UNDO_MS = 5_000;
/** The server's news of it and its answer come on different streams. */
const NEWS_MS_MAX = 1_000;
/** Before what was refused for the moment is asked again. */
const AGAIN_AFTER_MS = 3_000;
/** What was wanted is so, or its room is gone: nothing has failed that anybody waits for. */
const MOOT: readonly number[] = [Code.noSuchRoom, Code.notAMember, Code.roomDeleted, Code.noSuchMessage];

type DeferredName = 'leave' | 'decline' | 'removeMessage' | 'changeMember';

/** A request that waits for its moment to be over, and what it is about, in words. */
export type Deferred = {
  [N in DeferredName]: { name: N; ask: Requests[N]['ask']; about: string; atMs: number };
}[DeferredName];
type New = { [N in DeferredName]: { name: N; ask: Omit<Requests[N]['ask'], 'clientId'>; about: string } };

type Ask = (name: DeferredName, what: never) => Promise<unknown>;

/** What of the page an act is about. */
const keyOf = (name: DeferredName, room: RoomId, of: number | string = ''): string =>
  `${name} ${room} ${String(of)}`;

function key({ name, ask }: Deferred): string {
  if (name === 'removeMessage') return keyOf(name, ask.room, ask.seq);
  return keyOf(name, ask.room, name === 'changeMember' ? ask.user : '');
}

export const useUndo = defineStore('undo', () => {
  const link = useLink();
  const isOnline = computed(() => link.link.phase === 'online');
  /** The one that can be taken back. */
  const open = shallowRef<Deferred | null>(null);
  /** Those that are being asked, and until the page has heard what came of it. */
  const going = shallowRef<readonly Deferred[]>([]);
  const failed = shallowRef<{ act: Deferred; error: unknown } | null>(null);
  /** Somebody looks at it: then it waits. */
  const isHeld = ref(false);
  const covered = computed(() => new Set([...going.value, ...(open.value ? [open.value] : [])].map(key)));

  let user: UserId = '';
  let ask: Ask = () => Promise.reject(new Error('nobody is logged in'));
  const asking = new Map<ClientId, Promise<void>>();
  /** Answered, or taken back. */
  const over = new Set<ClientId>();
  /** Ends the claim of each. */
  const release = new Map<ClientId, () => void>();

  /** Whether the page shows this as done. */
  const covers = (name: DeferredName, room: RoomId, of?: number | string): boolean =>
    covered.value.has(keyOf(name, room, of));

  /** A line as it is shown while its removal can be taken back. */
  function shown(room: RoomId, line: Line): Line {
    if (!covers('removeMessage', room, line.seq)) return line;
    const { file: _file, ...rest } = line;
    return { ...rest, kind: 'erased', text: '' };
  }

  function load(of: UserId, asker: Ask): void {
    reset();
    user = of;
    ask = asker;
    for (const act of allDeferred(of)) {
      if (Date.now() - act.atMs > KEY_LIFE_MS) dropDeferred(of, act);
      else void claim(of, act, () => (user === of && isKept(of, act) ? adopt(act) : Promise.resolve()));
    }
  }

  /** What a page that is gone has left. */
  function adopt(act: Deferred): Promise<void> {
    going.value = [...going.value, act];
    void send(act);
    return until(act);
  }

  const until = ({ ask: { clientId } }: Deferred): Promise<void> =>
    new Promise((resolve) => release.set(clientId, resolve));

  function add<N extends DeferredName>(wanted: New[N]): void {
    settle();
    const atMs = Date.now();
    const act = { ...wanted, ask: { ...wanted.ask, clientId: newId(atMs) }, atMs } as Deferred;
    keepDeferred(user, act);
    failed.value = null;
    isHeld.value = false;
    open.value = act;
    void claim(user, act, () => (over.has(act.ask.clientId) ? Promise.resolve() : until(act)));
  }

  function undo(): Deferred | null {
    const act = open.value;
    open.value = null;
    if (act) end(act);
    return act;
  }

  /** The moment is over. */
  function settle(): void {
    const act = open.value;
    if (!act) return;
    going.value = [...going.value, act];
    open.value = null;
    void send(act);
  }

  watch([open, isOnline, isHeld], (_now, _before, onCleanup) => {
    if (!open.value || !isOnline.value || isHeld.value) return;
    const timer = setTimeout(settle, UNDO_MS);
    onCleanup(() => {
      clearTimeout(timer);
    });
  });
  watch(isOnline, () => {
    for (const act of going.value) void send(act);
  });

  function send(act: Deferred): Promise<void> {
    const { clientId } = act.ask;
    if (!isOnline.value || over.has(clientId)) return Promise.resolve();
    const asked = asking.get(clientId) ?? once(act).finally(() => asking.delete(clientId));
    asking.set(clientId, asked);
    return asked;
  }

  async function once(act: Deferred): Promise<void> {
    try {
      await ask(act.name, act.ask as never);
    } catch (error) {
      const code = error instanceof RequestRefused ? error.cause.code : null;
      const action = code === null ? 'resume' : codeAction(code);
      // Without a connection its turn comes with the next one.
      if (action === 'retry') setTimeout(() => void send(act), AGAIN_AFTER_MS);
      if (action !== 'stop') return;
      if (!MOOT.includes(code ?? 0)) failed.value = { act, error };
      end(act);
      uncover(act);
      return;
    }
    end(act);
    setTimeout(() => {
      uncover(act);
    }, NEWS_MS_MAX);
  }

  function end(act: Deferred): void {
    const { clientId } = act.ask;
    over.add(clientId);
    dropDeferred(user, act);
    release.get(clientId)?.();
    release.delete(clientId);
  }

  function uncover(act: Deferred): void {
    going.value = going.value.filter((one) => one !== act);
  }

  /** Everything is asked now; ends when all is answered that can be. */
  async function finish(): Promise<void> {
    settle();
    await Promise.allSettled(asking.values());
  }

  /** What is not answered stays written down. */
  function reset(): void {
    open.value = failed.value = null;
    going.value = [];
    for (const free of release.values()) free();
    release.clear();
    asking.clear();
    over.clear();
    user = '';
  }

  return { open, failed, isOnline, isHeld, covers, shown, load, add, undo, settle, finish, reset };
});
