/** A group as the user may run it: what is allowed, and how it is done. */
import { computed } from 'vue';
import type { ComputedRef } from 'vue';
import type { RoomMember, RoomSummary } from '../client/model';
import { may } from '../groups/rules';
import type { Act } from '../groups/rules';
import { RoomKind, RoomRole } from '../protocol/generated';
import type { MemberAction, RoomDetail, RoomSetting, UserId } from '../protocol/generated';
import { newId } from '../protocol/id';
import { useChat } from '../stores/chat';
import { useMembers } from '../stores/members';
import { useSession } from '../stores/session';

const ROLES = { admin: RoomRole.admin, owner: RoomRole.owner } as const;

export interface Group {
  about: ComputedRef<RoomDetail | null>;
  isGroup: ComputedRef<boolean>;
  allows: (act: Act, member?: RoomMember) => boolean;
  change: (setting: RoomSetting, to: { text?: string; value?: number }) => Promise<void>;
  act: (user: UserId, action: MemberAction) => Promise<void>;
}

export function useGroup(room: () => RoomSummary): Group {
  const chat = useChat();
  const session = useSession();
  const members = useMembers();
  const about = computed(() => room().about ?? null);
  const isGroup = computed(() => about.value?.kind === RoomKind.group);
  /** Its owner is gone: then an administrator of the server says whose it is. */
  const isOwnerless = computed(
    () =>
      members.room === room().id &&
      members.list.length >= members.total &&
      !members.list.some(({ role }) => role === 'owner'),
  );

  function allows(act: Act, member?: RoomMember): boolean {
    if (!about.value) return false;
    const target = member && {
      role: member.role ? ROLES[member.role] : RoomRole.member,
      isMe: member.id === session.myId,
    };
    const adopts = act === 'handOver' && isGroup.value && session.administrator && isOwnerless.value;
    return may(act, about.value, target) || (adopts && about.value.role >= RoomRole.member);
  }

  // What is so already is no error: each try is a request of its own.
  async function change(setting: RoomSetting, { text = '', value = 0 }): Promise<void> {
    const clientId = newId(Date.now());
    await chat.ask('changeRoom', { clientId, room: room().id, change: { setting, text, value } });
  }

  async function act(user: UserId, action: MemberAction): Promise<void> {
    await chat.ask('changeMember', { clientId: newId(Date.now()), room: room().id, user, action });
  }

  return { about, isGroup, allows, change, act };
}
