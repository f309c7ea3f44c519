/**
 * A lane: entries of many rooms, each room named by a handle before its first entry. A
 * lane that dies is opened again as long as the connection lives.
 */
import { Code, Kind } from '../protocol/generated';
import type { Epoch, LaneClass, RoomId, StreamClass } from '../protocol/generated';
import { decodeBody, entryHeader, isRoomEntry } from '../protocol/frame';
import type { Frame, Message } from '../protocol/frame';
import type { Connection } from '../transport/transport';
import { pendingState } from './file_state';
import { FrameStream } from './frame_stream';
import type { Line, LogEntry } from './model';

export type TakeEntry = (room: RoomId, epoch: Epoch, entry: LogEntry) => void;

/**
 * Reads one lane until it ends; `ready` is called when no older lane of the class moves a
 * cursor any more. Rejects when its bytes make no sense: then it is given
 * up, and the peer with it told why.
 */
export async function runLane(
  connection: Connection,
  streamClass: StreamClass,
  laneClass: LaneClass,
  take: TakeEntry,
  heard: () => void,
  ready: () => void,
): Promise<void> {
  const stream = new FrameStream(await connection.open(streamClass), heard);
  await stream.send('Lane', { class: laneClass });
  const rooms = new Map<number, { room: RoomId; epoch: Epoch }>();
  try {
    await stream.each((frame) => {
      if (frame.kind === Kind.LaneReady) ready();
      else readLaneFrame(frame, rooms, take);
    });
  } catch (error) {
    stream.abort(Code.malformed);
    throw error;
  }
}

function readLaneFrame(
  frame: Frame,
  rooms: Map<number, { room: RoomId; epoch: Epoch }>,
  take: TakeEntry,
): void {
  const message = decodeBody(frame);
  if (message?.name === 'RoomHandle') {
    const { handle, room, epoch } = message.body;
    rooms.set(handle, { room, epoch });
  } else if (isRoomEntry(frame.kind)) {
    const { room: handle, seq } = entryHeader(frame);
    const named = rooms.get(handle);
    if (!named) throw new RangeError(`an entry of handle ${String(handle)}, which names no room`);
    take(named.room, named.epoch, message ? logEntry(seq, message) : { seq, line: null });
  }
}

function logEntry(seq: number, message: Message): LogEntry {
  if (message.name === 'EntryAvatar') {
    return { seq, line: entryLine(message), avatar: message.body.avatar };
  }
  if (message.name === 'EntryDeleted') return { seq, line: null, erased: message.body.target };
  if (message.name === 'EntryRoomDeleted') return { seq, line: null, deletedBy: message.body.header.author };
  if (message.name !== 'EntryFileSettled') return { seq, line: entryLine(message) };
  const { target, state } = message.body;
  return { seq, line: null, settled: { target, state } };
}

/** What a person sees of an entry; nothing of one that is hidden. */
export function entryLine(message: Message): Line | null {
  const line = (kind: Line['kind'], text: string): Line | null => {
    if (!('header' in message.body && 'author' in message.body.header)) return null;
    const { seq, atMs, author, clientId } = message.body.header;
    return { seq, atMs, author, clientId, kind, text };
  };
  switch (message.name) {
    case 'EntryPosted':
      return line('text', message.body.text);
    case 'EntryFile': {
      const found = line('file', message.body.text);
      return found && { ...found, file: { ...message.body.file, state: pendingState(message.body.file) } };
    }
    case 'EntryCreated':
      return line('created', message.body.name);
    case 'EntryJoined':
      return line('joined', '');
    case 'EntryLeft':
      return line('left', '');
    case 'EntryAvatar':
      return line('avatar', '');
    case 'EntryRoomChange': {
      const found = line('room', message.body.change.text);
      return found && { ...found, change: message.body.change };
    }
    case 'EntryMemberChange': {
      const found = line('member', message.body.change.name);
      return found && { ...found, done: message.body.change };
    }
    case 'EntryErased':
      return line('erased', '');
    default:
      return null;
  }
}
