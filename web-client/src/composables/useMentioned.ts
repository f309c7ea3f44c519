/** Who is named by a text of the room on the screen, as far as its members are known. */
import { computed } from 'vue';
import { comparedName, EVERYBODY, mentionsIn } from '../text/mentions';
import type { Mention } from '../text/mentions';
import { useMembers } from '../stores/members';
import { useProfiles } from '../stores/profiles';
import { useSession } from '../stores/session';

export interface Named extends Mention {
  me: boolean;
}

export function useMentioned(): (text: string, everybody: boolean) => Named[] {
  const members = useMembers();
  const session = useSession();
  const profiles = useProfiles();
  /** What they are shown by is their username, unless it is known that it is not. */
  const names = computed(
    () => new Set(members.list.map(({ id, name }) => comparedName(profiles.known.get(id)?.username ?? name))),
  );
  const mine = computed(() => comparedName(session.me?.name ?? ''));

  return (text, everybody) => {
    if (!text.includes('@')) return [];
    const isAll = (name: string): boolean => everybody && EVERYBODY.some((word) => word === name);
    const found = mentionsIn(text, (name) => isAll(name) || name === mine.value || names.value.has(name));
    return found.map((one) => {
      const name = comparedName(one.name);
      return { ...one, me: isAll(name) || (mine.value !== '' && name === mine.value) };
    });
  };
}
