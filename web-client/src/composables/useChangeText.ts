/** The sentence of a line that tells of a change of the room or of its members. */
import { useI18n } from 'vue-i18n';
import type { Line } from '../client/model';
import { MemberAction, RoomAccess, RoomHistory, RoomSetting } from '../protocol/generated';
import type { MemberChange, RoomChange } from '../protocol/generated';
import { useDuration } from './useDuration';

const ACTS: Partial<Record<number, string>> = {
  [MemberAction.invite]: 'invite',
  [MemberAction.uninvite]: 'uninvite',
  [MemberAction.remove]: 'remove',
  [MemberAction.ban]: 'ban',
  [MemberAction.unban]: 'unban',
  [MemberAction.promote]: 'promote',
  [MemberAction.demote]: 'demote',
  [MemberAction.handOver]: 'handOver',
};

export function useChangeText(): { changeOf: (line: Line, who: string) => string | null } {
  const { t } = useI18n();
  const { duration } = useDuration();

  /** Nothing where the line tells of no change. */
  function changeOf(line: Line, who: string): string | null {
    if (line.kind === 'room') return t(`group.lines.${room(line.change)}`, { who, ...words(line.change) });
    if (line.kind !== 'member') return null;
    return t(`group.lines.${member(line.done, line.author)}`, { who, whom: line.done?.name ?? '' });
  }

  function words(change: RoomChange | undefined): { text: string; time: string } {
    const slowMs = change?.setting === RoomSetting.slowMode ? change.value : 0;
    return { text: change?.text ?? '', time: duration(slowMs) };
  }

  return { changeOf };
}

/** A change of a later version is still one. */
function room(change: RoomChange | undefined): string {
  switch (change?.setting) {
    case RoomSetting.name:
      return 'name';
    case RoomSetting.topic:
      return change.text === '' ? 'noTopic' : 'topic';
    case RoomSetting.access:
      return change.value === RoomAccess.public ? 'public' : 'invited';
    case RoomSetting.history:
      return change.value === RoomHistory.start ? 'fromStart' : 'fromJoining';
    case RoomSetting.slowMode:
      return change.value > 0 ? 'slow' : 'notSlow';
    case RoomSetting.archived:
      return change.value > 0 ? 'archived' : 'unarchived';
    case RoomSetting.linkMade:
      return 'linkMade';
    case RoomSetting.linkGone:
      return 'linkGone';
    default:
      return 'room';
  }
}

function member(done: MemberChange | undefined, author: string): string {
  if (done?.user === author && done.action === MemberAction.uninvite) return 'declined';
  if (done?.user === author && done.action === MemberAction.demote) return 'steppedDown';
  return (done && ACTS[done.action]) ?? 'room';
}
