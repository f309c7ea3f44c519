/** The page's side of the worker's port, over a scripted server and a clock of its own. */
import { Client } from '../client/client';
import { oneTab } from '../client/files/upload_tabs';
import type { UploadTabs } from '../client/files/upload_tabs';
import { memoryUploadStore } from '../client/files/upload_store';
import type { UploadStore } from '../client/files/upload_store';
import type {
  DownloadProgress,
  Invitation,
  Line,
  Link,
  NewUpload,
  OutboxItem,
  OwnProfile,
  PersonPresence,
  Removal,
  RoomArrivals,
  RoomMark,
  RoomMember,
  RoomSummary,
  RoomWishes,
  Upload,
} from '../client/model';
import { memoryOutboxStore } from '../client/outbox_store';
import type { OutboxStore } from '../client/outbox_store';
import type { Event } from '../client/port';
import type { Receipt, RoomId, UserId } from '../protocol/generated';
import { newId } from '../protocol/id';
import { ManualClock } from './manual_clock';
import { testId } from './test_id';
import type { ScriptedServer } from './scripted_server';
import type { ServerRoom } from './scripted_room';

/** What the page's stores would hold. */
export class Page {
  readonly clock = new ManualClock();
  readonly rooms = new Map<RoomId, RoomSummary>();
  readonly client: Client;
  /** Every phase of the connection, as it came. */
  readonly phases: Link['phase'][] = [];
  link: Link | null = null;
  lines: Line[] = [];
  ends = { older: false, newer: false };
  outbox: OutboxItem[] = [];
  uploads: Upload[] = [];
  downloads: DownloadProgress[] = [];
  online: string[] = [];
  members: RoomMember[] = [];
  /** As the server counts them. */
  membersOnline: number | null = null;
  invitations: Invitation[] = [];
  removals: Removal[] = [];
  loggedOut = false;
  /** Messages that were said to be removed, over all rooms. */
  readonly erased: number[] = [];
  readonly marks = new Map<RoomId, RoomMark>();
  readonly arrivals = new Map<RoomId, RoomArrivals>();
  readonly wishes = new Map<RoomId, RoomWishes>();
  readonly drafts = new Map<RoomId, string>();
  readonly names = new Map<UserId, string>();
  readonly presence = new Map<UserId, PersonPresence>();
  readonly writing = new Map<RoomId, UserId[]>();
  ownProfile: OwnProfile | null = null;
  receipts: Receipt[] = [];
  receiptsHidden = false;
  /** Behind what the room in view was not read when it was opened. */
  divider: number | null = null;
  viewed: RoomId | null = null;
  private made = 0;

  constructor(
    server: ScriptedServer,
    readonly store: OutboxStore = memoryOutboxStore(),
    readonly uploadStore: UploadStore = memoryUploadStore(),
    uploadTabs: UploadTabs = oneTab,
  ) {
    this.client = new Client(server.user, {
      connector: server.connector,
      store: this.store,
      bus: { post: () => undefined, onNews: () => undefined },
      lock: (_signal, hold) => hold(),
      uploads: this.uploadStore,
      uploadTabs,
      clock: this.clock,
      send: (events) => {
        for (const event of events) this.take(event);
      },
    });
    void this.client.run();
  }

  view(room: ServerRoom): Promise<void> {
    this.viewed = room.info.id;
    this.lines = [];
    this.client.command({ do: 'view', room: room.info.id });
    return this.clock.pass(100);
  }

  write(room: ServerRoom, text: string): OutboxItem {
    this.made += 1;
    const clientId = newId(this.clock.now() + this.made);
    return { clientId, room: room.info.id, text, createdMs: this.clock.now(), state: 'waiting' };
  }

  send(room: ServerRoom, text: string): string {
    const item = this.write(room, text);
    this.client.command({ do: 'send', item });
    return item.clientId;
  }

  upload(room: ServerRoom, name: string, file: Blob): NewUpload {
    this.made += 1;
    const id = newId(this.clock.now() + this.made);
    const upload: NewUpload = {
      ...{ transfer: id, clientId: id, room: room.info.id, name, mediaType: file.type, text: '' },
      ...{ createdMs: this.clock.now(), file },
    };
    this.client.command({ do: 'upload', upload });
    return upload;
  }

  load(direction: 'older' | 'newer'): Promise<void> {
    if (this.viewed) this.client.command({ do: 'load', room: this.viewed, direction });
    return this.clock.pass(100);
  }

  /** Everything a person sees in the conversation: its lines, and below them what is on its way. */
  get shown(): string[] {
    const own = this.outbox.filter(({ room }) => room === this.viewed);
    return [...this.texts, ...own.map(({ text, state }) => `${text} (${state})`)];
  }

  get texts(): string[] {
    return this.lines.map(({ text }) => text);
  }

  private take(event: Event): void {
    if (event.on === 'link') {
      this.link = event.link;
      if (this.phases.at(-1) !== event.link.phase) this.phases.push(event.link.phase);
    }
    if (event.on === 'erased') this.erased.push(...event.seqs);
    if (event.on === 'login') this.loggedOut = true;
    if (event.on === 'uploads') this.uploads = event.uploads;
    if (event.on === 'downloads') this.downloads = event.downloads;
    if (event.on === 'outbox') this.outbox = event.items;
    if (event.on === 'members') {
      this.members = event.members;
      this.membersOnline = event.online;
      this.online = event.members.filter((one) => one.online).map(({ name }) => name);
    }
    if (event.on === 'invitations') this.invitations = event.invitations;
    if (event.on === 'removal') this.removals.push(event.removal);
    if (event.on === 'marks') for (const mark of event.marks) this.marks.set(mark.room, mark);
    if (event.on === 'wishes') for (const wishes of event.rooms) this.wishes.set(wishes.room, wishes);
    if (event.on === 'draft') this.drafts.set(event.room, event.text);
    if (event.on === 'receipts') this.receipts = event.receipts;
    if (event.on === 'receiptsHidden') this.receiptsHidden = event.hidden;
    if (event.on === 'people') for (const { id, name } of event.people) this.names.set(id, name);
    if (event.on === 'presence') {
      if (event.all) this.presence.clear();
      for (const one of event.people) this.presence.set(one.id, one);
    }
    if (event.on === 'arrivals') this.arrivals.set(event.arrivals.room, event.arrivals);
    if (event.on === 'typing') this.writing.set(event.room, event.users);
    if (event.on === 'ownProfile') this.ownProfile = event.own;
    if (event.on === 'opened') this.divider = event.mark;
    if (event.on === 'rooms') {
      for (const room of event.changed) this.rooms.set(room.id, room);
      for (const room of event.removed) this.rooms.delete(room);
    }
    if (event.on === 'timeline' && event.room === this.viewed) {
      const { patch } = event;
      if (patch.op === 'reset') this.lines = [...patch.lines];
      if (patch.op === 'append' || patch.op === 'change') {
        const changed = new Map((patch.changed ?? []).map((line) => [line.seq, line]));
        this.lines = this.lines.map((line) => changed.get(line.seq) ?? line);
      }
      if (patch.op === 'append') this.lines.push(...patch.lines);
      if (patch.op === 'prepend') this.lines.unshift(...patch.lines);
      this.ends = event.ends;
    }
  }
}

export const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `m${String(from + at)}`);

export function fill(room: ServerRoom, from: number, to: number): void {
  for (const text of numbered(from, to)) room.append(testId(), text);
}
