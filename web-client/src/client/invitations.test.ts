import { expect, it } from 'vitest';
import { Invitations } from './invitations';
import type { Invitation } from './model';

const invitation = (id: string, byName = 'ann'): Invitation => ({
  room: { id, name: `room ${id}`, creator: 'u', creatorName: 'u', createdMs: 0, members: 1 },
  ...{ topic: '', by: 'a', byName, atMs: 0 },
});

it('has the newest first, and one of each room', () => {
  let told: Invitation[] = [];
  const open = new Invitations((now) => (told = now));
  open.invited(invitation('1'));
  open.invited(invitation('2'));
  open.invited(invitation('1', 'bob'));
  expect(told.map(({ room, byName }) => [room.id, byName])).toEqual([
    ['1', 'bob'],
    ['2', 'ann'],
  ]);
});

it('forgets what a snapshot does not name, and nothing at the end of a part of the log', () => {
  let told: Invitation[] = [];
  const open = new Invitations((now) => (told = now));
  open.invited(invitation('1'));
  open.invited(invitation('2'));
  open.attached(false);
  open.head();
  expect(told).toHaveLength(2);
  open.attached(true);
  open.invited(invitation('2'));
  expect(told).toHaveLength(2);
  open.head();
  expect(told.map(({ room }) => room.id)).toEqual(['2']);
});
