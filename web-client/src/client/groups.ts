/** What the page asks of groups: made, run, and come into. */
import { MEMBER_PAGE_MAX } from '../protocol/generated';
import type {
  ClientId,
  MemberAction,
  OutsideList,
  Outsider,
  RoomAccess,
  RoomChange,
  RoomDetail,
  RoomHistory,
  RoomId,
  RoomInfo,
  RoomLinkInfo,
  UserId,
} from '../protocol/generated';
import { toMembers } from './members';
import type { ListedRoom, Person, Room, RoomMember } from './model';
import type { RoomBook } from './room_book';
import type { Session } from './session';

/** Rooms whose members are offered where somebody is to be invited: the liveliest. */
const ROOMS_OF_ACQUAINTANCE = 20;

export interface GroupRequests {
  createGroup: {
    ask: { clientId: ClientId; name: string; topic: string; access: RoomAccess; history: RoomHistory };
    answer: Room;
  };
  changeRoom: { ask: { clientId: ClientId; room: RoomId; change: RoomChange }; answer: null };
  changeMember: {
    ask: { clientId: ClientId; room: RoomId; user: UserId; action: MemberAction };
    answer: null;
  };
  deleteRoom: { ask: { clientId: ClientId; room: RoomId }; answer: null };
  decline: { ask: { clientId: ClientId; room: RoomId }; answer: null };
  /** Members behind one of them, in the order of their ids. */
  moreMembers: { ask: { room: RoomId; after: UserId }; answer: { members: RoomMember[]; more: boolean } };
  /** Those who are invited or banned. */
  outside: {
    ask: { room: RoomId; list: OutsideList; after: UserId | null };
    answer: { people: Outsider[]; more: boolean };
  };
  makeLink: {
    ask: { clientId: ClientId; room: RoomId; lifeS: number; usesMax: number };
    answer: { text: string; link: RoomLinkInfo };
  };
  links: { ask: { room: RoomId }; answer: RoomLinkInfo[] };
  revokeLink: { ask: { clientId: ClientId; room: RoomId; link: string }; answer: null };
  /** Where a link leads; with `join` the user goes there. */
  openLink: { ask: { clientId: ClientId; text: string; join: boolean }; answer: ListedRoom };
  /** People whom the user shares a room with. */
  acquaintances: { ask: Record<never, never>; answer: Person[] };
}

export type GroupAnswers = {
  [N in keyof GroupRequests]: (ask: GroupRequests[N]['ask']) => Promise<GroupRequests[N]['answer']>;
};

export function groupAnswers(online: () => Session, book: RoomBook, me: UserId): GroupAnswers {
  return {
    createGroup: async (what) => toRoom((await online().request('CreateGroup', what)).room),
    changeRoom: async (what) => {
      await online().request('ChangeRoom', what);
      return null;
    },
    changeMember: async (what) => {
      await online().request('ChangeMember', what);
      return null;
    },
    deleteRoom: async (what) => {
      await online().request('DeleteRoom', what);
      return null;
    },
    decline: async (what) => {
      await online().request('DeclineInvitation', what);
      return null;
    },
    moreMembers: async ({ room, after }) => {
      const part = await online().members(room, after);
      return { members: toMembers(part), more: part.more };
    },
    outside: async (what) => {
      const { people, more } = await online().request('ListOutside', { ...what, limit: MEMBER_PAGE_MAX });
      return { people, more };
    },
    makeLink: async (what) => {
      const { text, link } = await online().request('MakeRoomLink', what);
      return { text, link };
    },
    links: async (what) => (await online().request('ListRoomLinks', what)).links,
    revokeLink: async (what) => {
      await online().request('RevokeRoomLink', what);
      return null;
    },
    openLink: async (what) => {
      const { room } = await online().request('OpenRoomLink', what);
      return toListed(room, book.aboutOf(room.id));
    },
    acquaintances: async () => {
      const session = online();
      const rooms = book.inOrder(null).slice(0, ROOMS_OF_ACQUAINTANCE);
      const found = new Map<UserId, Person>();
      for (const part of await Promise.allSettled(rooms.map(({ room }) => session.members(room.id, null)))) {
        // A room that the user was put out of just now names nobody.
        if (part.status === 'rejected') continue;
        for (const { user: id, name } of part.value.members) if (id !== me) found.set(id, { id, name });
      }
      return [...found.values()];
    },
  };
}

export function toRoom({ id, name, creator, creatorName, createdMs, members }: RoomInfo): Room {
  return { id, name, creator, creatorName, createdMs, members };
}

export function toListed(room: RoomInfo, about: RoomDetail | null): ListedRoom {
  return { ...toRoom(room), joined: room.joined, topic: about?.topic ?? '' };
}
