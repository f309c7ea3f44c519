/** Who may call everybody of a room by `@all`: its owner and its admins, as far as they are known. */
import { RoomRole } from '../protocol/generated';
import type { RoomId, UserId } from '../protocol/generated';
import { useMembers } from '../stores/members';
import { useRooms } from '../stores/rooms';
import { useSession } from '../stores/session';

export function useCallingAll(): { mayCallAll: (room: RoomId, author: UserId) => boolean } {
  const members = useMembers();
  const rooms = useRooms();
  const session = useSession();

  function mayCallAll(id: RoomId, author: UserId): boolean {
    const room = rooms.byId.get(id);
    if (!room) return false;
    // Before it is told what the room is, who made it is the best that is known.
    if (!room.about) return room.creator === author;
    if (author === session.myId) return room.about.role > RoomRole.member;
    if (author === room.about.owner) return true;
    return members.room === id && members.list.some((member) => member.id === author && member.role);
  }

  return { mayCallAll };
}
