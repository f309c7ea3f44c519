/** The part of the scripted server that knows marks, wishes and drafts of its one user. */
import { UNREAD_COUNT_MAX } from '../protocol/generated';
import type { Bodies, ReadState, Receipt } from '../protocol/generated';
import type { Message } from '../protocol/frame';
import type { ServerRoom } from './scripted_room';

export type OwnName = 'RoomPreferences' | 'Draft' | 'ReceiptsHidden';
type Body<N extends OwnName> = Omit<Bodies[N], 'header'>;
type Send = <N extends 'Marked' | 'Done' | 'ReceiptPage'>(name: N, body: Bodies[N]) => void;

export class ScriptedPersonal {
  readonly drafts = new Map<string, string>();
  readonly receipts = new Map<string, Receipt[]>();
  /** Every request of these kinds, as it came. */
  readonly heard: Message[] = [];
  /** Answers wait while this is set. */
  deaf = false;
  private readonly marks = new Map<string, { mark: number; version: number }>();

  constructor(
    private readonly user: string,
    private readonly room: (id: string) => ServerRoom | undefined,
    /** Into the user's own log. */
    private readonly log: <N extends OwnName>(name: N, body: Body<N>) => void,
    /** To every connection but perhaps one. */
    readonly push: (state: ReadState) => void,
  ) {}

  state(room: ServerRoom): ReadState {
    const own = room.log.findLast((entry) => entry.author === this.user && !entry.settles)?.seq ?? 0;
    // Where no test says otherwise everything is read.
    const known = this.marks.get(room.info.id) ?? { mark: room.log.length, version: 1 };
    // One's own post moves the mark.
    if (own > known.mark && known.version < own * 1_000) this.set(room, own, own * 1_000);
    const { mark, version } = this.marks.get(room.info.id) ?? known;
    const rest = room.log.filter(
      ({ seq, author, settles }) => seq > mark && author !== this.user && !settles,
    );
    const mentions = rest.filter(({ text }) => text.includes('@me')).length;
    const unread = Math.min(rest.length, UNREAD_COUNT_MAX);
    return { room: room.info.id, mark, version, asOf: room.log.length, unread, mentions };
  }

  /** As another device does it. */
  move(room: ServerRoom, mark: number): void {
    this.set(room, mark);
    this.push(this.state(room));
  }

  take(message: Message, send: Send): boolean {
    const isKnown = [
      ...['MarkRead', 'MarkUnread', 'SetRoomPreferences', 'SetDraft', 'HideReceipts', 'GetReceipts'],
    ].includes(message.name);
    if (!isKnown) return false;
    this.heard.push(message);
    if (!this.deaf) this.answer(message, send);
    return true;
  }

  private answer({ name, body }: Message, send: Send): void {
    if (name === 'MarkRead' || name === 'MarkUnread') {
      const room = this.room(body.room);
      if (!room) return;
      const { mark } = this.state(room);
      const isBack = name === 'MarkUnread';
      if (isBack ? body.seq - 1 < mark : body.seq > mark) this.set(room, isBack ? body.seq - 1 : body.seq);
      send('Marked', { request: body.request, state: this.state(room) });
    } else if (name === 'SetRoomPreferences') {
      const { notify, pinned, archived, room } = body;
      send('Done', { request: body.request });
      this.log('RoomPreferences', {
        ...{ room, notify: notify ?? 0, pinned: pinned ?? false, archived: archived ?? false },
      });
    } else if (name === 'SetDraft') {
      this.drafts.set(body.room, body.text);
      this.log('Draft', { room: body.room, text: body.text });
      send('Done', { request: body.request });
    } else if (name === 'HideReceipts') {
      send('Done', { request: body.request });
      this.log('ReceiptsHidden', { hidden: body.hidden });
    } else if (name === 'GetReceipts') {
      const { request, after, limit, room } = body;
      const all = this.receipts.get(room) ?? [];
      const rest = all.slice(all.findIndex(({ user }) => user === after) + 1);
      const receipts = rest.slice(0, limit);
      send('ReceiptPage', {
        ...{ request, receipts, next: rest.length > limit ? (receipts.at(-1)?.user ?? null) : null },
      });
    }
  }

  private set(room: ServerRoom, mark: number, version?: number): void {
    const before = this.marks.get(room.info.id)?.version ?? 1;
    this.marks.set(room.info.id, { mark, version: version ?? before + 1 });
  }
}
