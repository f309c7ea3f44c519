/**
 * What the user wants of the rooms, the same on every device: the entries of the user's own
 * log that tell of it, and what this tab has changed and the server has not answered yet.
 */
import { Notify, TEXT_BYTES_MAX } from '../protocol/generated';
import type { Bodies, RoomId } from '../protocol/generated';
import type { Clock } from './clock';
import type { RoomWishes } from './model';
import type { Session } from './session';
import { Wishes } from './wishes';

/** Between two drafts of one room. */
const DRAFT_EVERY_MS = 1_000;

export type OwnEntry =
  | { name: 'RoomPreferences'; body: Bodies['RoomPreferences'] }
  | { name: 'Draft'; body: Bodies['Draft'] }
  | { name: 'ReceiptsHidden'; body: Bodies['ReceiptsHidden'] };

export interface OwnListener {
  wishes: (rooms: RoomWishes[]) => void;
  /** A text that another device has left, and which change of the page's own it has seen. */
  draft: (room: RoomId, text: string, revision: number) => void;
  /** The server has this change of a draft, or has no place for it. */
  draftKept: (room: RoomId, revision: number) => void;
  /** Drafts of rooms that are not among these are no more. */
  drafts: (rooms: RoomId[]) => void;
  hidden: (hidden: boolean) => void;
}

type Change = Partial<Pick<RoomWishes, 'notify' | 'pinned' | 'archived'>>;

interface DraftChange {
  text: string;
  revision: number;
}

export const NO_WISHES = { notify: Notify.all, pinned: false, archived: false } as const;
const encoder = new TextEncoder();

export class Own {
  private readonly rooms = new Map<RoomId, RoomWishes>();
  private readonly texts = new Map<RoomId, string>();
  private readonly revisions = new Map<RoomId, number>();
  private hidden = false;
  /** Whether the log was told to its end once. */
  private told = false;
  /** What the snapshot in progress has named. */
  private named: { rooms: Set<RoomId>; drafts: Set<RoomId>; hidden: boolean } | null = null;

  private readonly changes: Wishes<RoomId, Change>;
  private readonly drafts: Wishes<RoomId, DraftChange>;
  private readonly hiding: Wishes<'receipts', boolean>;

  constructor(
    clock: Clock,
    private readonly listener: OwnListener,
  ) {
    this.changes = new Wishes(
      clock,
      0,
      async (session, room, { value, clientId }) => {
        const { notify = null, pinned = null, archived = null } = value;
        await session.request('SetRoomPreferences', { clientId, room, notify, pinned, archived });
      },
      (room, value, granted) => {
        // The entry follows; until then nothing is to fall back.
        if (granted) this.rooms.set(room, { ...this.kept(room), ...value });
        this.tellWishes(room);
      },
    );
    this.drafts = new Wishes(
      clock,
      DRAFT_EVERY_MS,
      async (session, room, { value: { text }, clientId }) => {
        await session.request('SetDraft', { clientId, room, text });
      },
      (room, { text, revision }, granted) => {
        if (granted) this.texts.set(room, text);
        this.listener.draftKept(room, revision);
      },
    );
    this.hiding = new Wishes(
      clock,
      0,
      async (session, _key, { value: hidden, clientId }) => {
        await session.request('HideReceipts', { clientId, hidden });
      },
      (_key, hidden, granted) => {
        if (granted) this.hidden = hidden;
        this.listener.hidden(this.isHidden);
      },
    );
  }

  connected(session: Session | null): void {
    if (!session) this.named = null;
    this.changes.connected(session);
    this.drafts.connected(session);
    this.hiding.connected(session);
  }

  // What the person does.

  want(room: RoomId, change: Change): void {
    this.changes.set(room, { ...this.changes.of(room), ...change });
    this.tellWishes(room);
  }

  draft(room: RoomId, text: string, revision: number): void {
    this.revisions.set(room, revision);
    const isKnown = this.told && text === (this.texts.get(room) ?? '') && this.drafts.of(room) === undefined;
    // What is too long to be sent is no draft for others either.
    if (isKnown || encoder.encode(text).length > TEXT_BYTES_MAX) this.listener.draftKept(room, revision);
    else this.drafts.set(room, { text, revision });
  }

  hide(hidden: boolean): void {
    this.hiding.set('receipts', hidden);
    this.listener.hidden(this.isHidden);
  }

  // What the connection brings.

  attached(snapshot: boolean): void {
    this.named = snapshot ? { rooms: new Set(), drafts: new Set(), hidden: false } : null;
  }

  entry({ name, body }: OwnEntry): void {
    if (name === 'RoomPreferences') {
      const { room, notify, pinned, archived } = body;
      this.named?.rooms.add(room);
      this.rooms.set(room, { room, notify, pinned, archived });
      this.tellWishes(room);
    } else if (name === 'Draft') {
      const { room, text } = body;
      if (text !== '') this.named?.drafts.add(room);
      this.texts.set(room, text);
      // What is being written here is newer, and on its way.
      if (!this.drafts.of(room)) this.listener.draft(room, text, this.revisions.get(room) ?? 0);
    } else {
      if (this.named) this.named.hidden = true;
      this.hidden = body.hidden;
      this.listener.hidden(this.isHidden);
    }
  }

  /** Everything was told: what a snapshot did not name is as it is at first. */
  head(): void {
    const { named } = this;
    this.named = null;
    this.told = true;
    if (!named) return;
    const gone = [...this.rooms.keys()].filter((room) => !named.rooms.has(room));
    for (const room of gone) this.rooms.delete(room);
    this.listener.wishes(gone.map((room) => this.of(room)));
    for (const room of this.texts.keys()) if (!named.drafts.has(room)) this.texts.delete(room);
    this.listener.drafts([...named.drafts]);
    if (!named.hidden) this.hidden = false;
    this.listener.hidden(this.isHidden);
  }

  gone(room: RoomId): void {
    this.rooms.delete(room);
    this.texts.delete(room);
    this.changes.drop(room);
    this.drafts.drop(room);
    this.tellWishes(room);
  }

  private of(room: RoomId): RoomWishes {
    return { ...this.kept(room), ...this.changes.of(room) };
  }

  private kept(room: RoomId): RoomWishes {
    return this.rooms.get(room) ?? { room, ...NO_WISHES };
  }

  private get isHidden(): boolean {
    return this.hiding.of('receipts') ?? this.hidden;
  }

  private tellWishes(room: RoomId): void {
    this.listener.wishes([this.of(room)]);
  }
}
