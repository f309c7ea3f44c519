import { expect, it } from 'vitest';
import { Avatars } from './avatars';
import type { AvatarOf } from './avatars';

it('the newest picture of everybody counts, in whatever order it is told', () => {
  const told: AvatarOf[][] = [];
  const avatars = new Avatars((learnt) => told.push(learnt));
  const of = (id: string, version: number, isSet = true): AvatarOf => ({ id, avatar: { version, isSet } });
  avatars.know([of('ann', 5), of('room', 2)]);
  avatars.know([of('ann', 4), of('ann', 5)]);
  avatars.know([of('ann', 6, false), of('room', 1)]);
  // Who never had one has version 0, and nothing is to be said of it.
  avatars.know([of('ben', 0, false)]);
  expect(told).toEqual([[of('ann', 5), of('room', 2)], [of('ann', 6, false)]]);
});
