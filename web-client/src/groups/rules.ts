/**
 * Who may do what in a group, as the server decides it, too: what one may not is not shown.
 * In a private chat nobody runs anything.
 */
import { RoomAccess, RoomKind, RoomRole } from '../protocol/generated';
import type { RoomDetail } from '../protocol/generated';

export type Act =
  /** Its name, its topic, and how slow it is. */
  | 'tend'
  /** To whom it is open, what new members see, whether it is archived. */
  | 'settle'
  /** End it for everybody. */
  | 'delete'
  | 'invite'
  /** Take an invitation or a link back. */
  | 'takeBack'
  | 'makeLink'
  /** Remove what others wrote. */
  | 'moderate'
  /** Remove or ban. */
  | 'remove'
  | 'unban'
  | 'promote'
  | 'demote'
  | 'handOver';

/** Whom it is about. */
export interface Target {
  role: RoomRole;
  isMe: boolean;
}

const NOBODY: Target = { role: RoomRole.none, isMe: false };

export function may(
  act: Act,
  { kind, access, role }: Pick<RoomDetail, 'kind' | 'access' | 'role'>,
  target: Target = NOBODY,
): boolean {
  if (kind !== RoomKind.group || role < RoomRole.member) return false;
  const runsIt = role >= RoomRole.admin;
  switch (act) {
    case 'tend':
    case 'moderate':
    case 'makeLink':
    case 'unban':
    case 'takeBack':
      return runsIt;
    case 'settle':
    case 'delete':
      return role === RoomRole.owner;
    case 'invite':
      return runsIt || access === RoomAccess.public;
    case 'remove':
      return runsIt && role > target.role && !target.isMe;
    case 'promote':
      return runsIt && target.role === RoomRole.member && !target.isMe;
    case 'demote':
      return runsIt && target.role === RoomRole.admin;
    case 'handOver':
      return role === RoomRole.owner && target.role >= RoomRole.member && !target.isMe;
  }
}
