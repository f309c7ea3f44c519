/** What a room is, moved on by the lines of its log. */
import { MemberAction, RoomRole, RoomSetting } from '../protocol/generated';
import type { MemberChange, RoomChange, RoomDetail, UserId } from '../protocol/generated';
import type { Line } from './model';

/** The same object where the line changes nothing of it. */
export function changedBy(about: RoomDetail, line: Line, me: UserId): RoomDetail {
  if (line.change) return set(about, line.change);
  if (line.done) return done(about, line.author, line.done, me);
  // Who is back is what everybody is at first.
  if (line.kind === 'joined' && line.author === me && about.role === RoomRole.none) {
    return { ...about, role: RoomRole.member };
  }
  return about;
}

function set(about: RoomDetail, { setting, text, value }: RoomChange): RoomDetail {
  switch (setting) {
    case RoomSetting.name:
      return { ...about, name: text };
    case RoomSetting.topic:
      return { ...about, topic: text };
    case RoomSetting.access:
      return { ...about, access: value };
    case RoomSetting.history:
      return { ...about, history: value };
    case RoomSetting.slowMode:
      return { ...about, slowModeMs: value };
    case RoomSetting.archived:
      return { ...about, archived: value !== 0 };
    default:
      return about;
  }
}

function done(about: RoomDetail, author: UserId, { action, user }: MemberChange, me: UserId): RoomDetail {
  const role = (now: RoomRole): RoomDetail => (user === me ? { ...about, role: now } : about);
  switch (action) {
    case MemberAction.promote:
      return role(RoomRole.admin);
    case MemberAction.demote:
      return role(RoomRole.member);
    case MemberAction.handOver: {
      const mine = user === me ? RoomRole.owner : author === me ? RoomRole.admin : about.role;
      return { ...about, owner: user, role: mine };
    }
    case MemberAction.remove:
    case MemberAction.ban:
      return role(RoomRole.none);
    default:
      return about;
  }
}
