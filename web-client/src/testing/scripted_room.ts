/** A room of the scripted server: its log, and what it is to a member. */
import { MessageKind, RoomAccess, RoomHistory, RoomKind, RoomRole } from '../protocol/generated';
import type { MemberChange, RoomChange, RoomDetail, RoomInfo } from '../protocol/generated';
import type { ServerFile } from './scripted_files';
import { testId } from './test_id';

export interface Entry {
  seq: number;
  author: string;
  clientId: string;
  text: string;
  /** The entry is a file, or says what became of one. */
  file?: ServerFile;
  settles?: ServerFile;
  /** The entry is a change of the room, or of somebody in it. */
  change?: RoomChange;
  done?: MemberChange;
  /** The entry removes the message of this seq; that one has nothing to say any more. */
  erases?: number;
  /** The entry is the last one: the room is deleted. */
  isEnd?: true;
  isErased?: true;
}

export class ServerRoom {
  readonly info: RoomInfo;
  epoch = testId();
  log: Entry[] = [];

  constructor(name: string, creator: string) {
    this.info = {
      id: testId(),
      name,
      creator,
      creatorName: 'creator',
      createdMs: 1,
      members: 2,
      joined: true,
    };
  }

  append(author: string, text: string, clientId = testId()): Entry {
    const known = this.log.find((entry) => entry.author === author && entry.clientId === clientId);
    if (known) return known;
    const entry = { seq: this.log.length + 1, author, clientId, text };
    this.log.push(entry);
    return entry;
  }

  /** What it is to a member, unless a test says otherwise. */
  detail(of: Partial<RoomDetail> = {}): RoomDetail {
    const { id: room, name, members, creator: owner } = this.info;
    return {
      ...{ room, kind: RoomKind.group, with: null, name, topic: '', access: RoomAccess.public },
      ...{ history: RoomHistory.start, members, owner, role: RoomRole.member },
      ...{ slowModeMs: 0, archived: false, closed: false, ...of },
    };
  }
}

export function kindOf({ file, change, done, isErased }: Entry): number {
  if (isErased) return MessageKind.erased;
  if (change) return MessageKind.roomChange;
  if (done) return MessageKind.memberChange;
  return file ? MessageKind.file : MessageKind.text;
}
