import { LaneClass } from '../protocol/generated';
import type { Bodies, KindName } from '../protocol/generated';
import { encodeFrame } from '../protocol/frame';
import type { ByteStream } from '../transport/transport';
import type { MemoryConnection } from './memory_connection';
import type { ServerFile } from './scripted_files';
import type { Entry, ServerRoom } from './scripted_room';

/** What a connection needs of its server. */
interface Served {
  readonly rooms: ServerRoom[];
  /** Entries as they are sent. */
  disorder: (entries: Entry[]) => Entry[];
}

/** One connection as the server sees it. */
export class Link {
  control: ByteStream | null = null;
  readonly lanes: (ByteStream | null)[] = [null, null];
  readonly cursors = new Map<string, number>();
  viewed: string | null = null;
  private readonly announced = new Set<string>();

  constructor(
    readonly connection: MemoryConnection,
    private readonly server: Served,
  ) {}

  send<N extends KindName>(name: N, body: Bodies[N], stream = this.control): void {
    stream?.write(encodeFrame(name, body)).catch(() => undefined);
  }

  /** Entries from the room's cursor, on the lane on which it stands. */
  deliver(room: ServerRoom): void {
    const cursor = this.cursors.get(room.info.id);
    const lane = this.lanes[room.info.id === this.viewed ? LaneClass.inView : LaneClass.others];
    if (cursor === undefined || !lane) return;
    const fresh = room.log.filter(({ seq }) => seq > cursor);
    this.cursors.set(room.info.id, room.log.length);
    for (const entry of this.server.disorder(fresh)) this.entry(lane, room, entry);
  }

  private entry(lane: ByteStream, room: ServerRoom, entry: Entry): void {
    const { seq, author, clientId, text, file, settles } = entry;
    const handle = this.server.rooms.indexOf(room) + 1;
    const name = `${String(this.lanes.indexOf(lane))} ${room.info.id} ${room.epoch}`;
    if (!this.announced.has(name)) {
      this.announced.add(name);
      this.send('RoomHandle', { handle, room: room.info.id, epoch: room.epoch }, lane);
    }
    const header = { room: handle, seq, atMs: seq, author, clientId };
    if (entry.isEnd) {
      this.send('EntryRoomDeleted', { header }, lane);
    } else if (entry.erases !== undefined) {
      this.send('EntryDeleted', { header, target: entry.erases }, lane);
    } else if (entry.isErased) {
      this.send('EntryErased', { header }, lane);
    } else if (settles) {
      this.send('EntryFileSettled', { header, target: settles.seq, state: settles.state }, lane);
    } else if (file) {
      this.send('EntryFile', { header, text, file: infoOf(file) }, lane);
    } else if (entry.change) {
      this.send('EntryRoomChange', { header, change: entry.change }, lane);
    } else if (entry.done) {
      this.send('EntryMemberChange', { header, change: entry.done }, lane);
    } else {
      this.send('EntryPosted', { header, text }, lane);
    }
  }
}

export function infoOf({ start: { transfer, name, size, voice } }: ServerFile): Bodies['EntryFile']['file'] {
  return { transfer, name, size, voice };
}
