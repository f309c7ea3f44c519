import { describe, expect, it } from 'vitest';
import { RoomAccess, RoomKind, RoomRole } from '../protocol/generated';
import { memberActs } from './member_acts';
import { may } from './rules';
import type { Act } from './rules';

const ROLES = [RoomRole.none, RoomRole.member, RoomRole.admin, RoomRole.owner];

const group = (role: RoomRole, access: RoomAccess = RoomAccess.invited) => ({
  ...{ kind: RoomKind.group, access, role },
});

/** A row is what one is, a column whom it is about: a stranger, a member, an admin, the owner. */
const TABLE: [Act, string[]][] = [
  ['tend', ['....', '....', 'xxxx', 'xxxx']],
  ['settle', ['....', '....', '....', 'xxxx']],
  ['invite', ['....', '....', 'xxxx', 'xxxx']],
  ['takeBack', ['....', '....', 'xxxx', 'xxxx']],
  ['makeLink', ['....', '....', 'xxxx', 'xxxx']],
  ['remove', ['....', '....', 'xx..', 'xxx.']],
  ['unban', ['....', '....', 'xxxx', 'xxxx']],
  ['promote', ['....', '....', '.x..', '.x..']],
  ['demote', ['....', '....', '..x.', '..x.']],
  ['handOver', ['....', '....', '....', '.xxx']],
];

describe('what is offered to whom', () => {
  it.each(TABLE)('%s', (act, rows) => {
    const found = ROLES.map((role) =>
      ROLES.map((target) => (may(act, group(role), { role: target, isMe: false }) ? 'x' : '.')).join(''),
    );
    expect(found).toEqual(rows);
  });

  it('everybody invites where everybody joins', () => {
    expect(may('invite', group(RoomRole.member, RoomAccess.public))).toBe(true);
    expect(may('invite', group(RoomRole.none, RoomAccess.public))).toBe(false);
  });

  it('nobody runs a private chat', () => {
    for (const [act] of TABLE) {
      const chat = { ...group(RoomRole.owner, RoomAccess.public), kind: RoomKind.private };
      expect(may(act, chat, { role: RoomRole.member, isMe: false }), act).toBe(false);
    }
  });

  it('an admin steps down, and does nothing else to themselves; the owner hands over first', () => {
    const own = (role: RoomRole): string[] =>
      memberActs(true, (act) => may(act, group(role), { role, isMe: true })).map(({ word }) => word);
    expect(own(RoomRole.member)).toEqual([]);
    expect(own(RoomRole.admin)).toEqual(['stepDown']);
    expect(own(RoomRole.owner)).toEqual([]);
  });

  it('an owner has every act for a member, and none that is so already', () => {
    const of = (target: RoomRole): string[] =>
      memberActs(false, (act) => may(act, group(RoomRole.owner), { role: target, isMe: false })).map(
        ({ word }) => word,
      );
    expect(of(RoomRole.member)).toEqual(['promote', 'handOver', 'remove', 'ban']);
    expect(of(RoomRole.admin)).toEqual(['demote', 'handOver', 'remove', 'ban']);
  });
});
