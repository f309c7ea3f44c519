/** What can be done with a member, in the order in which it is offered. */
import { MemberAction } from '../protocol/generated';
import type { Act } from './rules';

export interface MemberAct {
  /** Its words: what stands on the button, and the question. */
  word: 'promote' | 'demote' | 'stepDown' | 'handOver' | 'remove' | 'ban';
  action: MemberAction;
  needs: Act;
  danger: boolean;
}

const { promote, demote, handOver, remove, ban } = MemberAction;

const OTHERS: readonly MemberAct[] = [
  { word: 'promote', action: promote, needs: 'promote', danger: false },
  { word: 'demote', action: demote, needs: 'demote', danger: true },
  { word: 'handOver', action: handOver, needs: 'handOver', danger: true },
  { word: 'remove', action: remove, needs: 'remove', danger: true },
  { word: 'ban', action: ban, needs: 'remove', danger: true },
];

const MINE: readonly MemberAct[] = [
  { word: 'stepDown', action: demote, needs: 'demote', danger: true },
  // Only where nobody owns the room may one give it to oneself.
  { word: 'handOver', action: handOver, needs: 'handOver', danger: false },
];

export function memberActs(isMe: boolean, allows: (act: Act) => boolean): MemberAct[] {
  return (isMe ? MINE : OTHERS).filter(({ needs }) => allows(needs));
}
