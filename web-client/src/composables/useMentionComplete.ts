/** A name behind an `@` is completed from the members of the room on the screen. */
import { watchDebounced } from '@vueuse/core';
import { computed, ref, watch } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import { useI18n } from 'vue-i18n';
import type { UserId } from '../protocol/generated';
import { useChat } from '../stores/chat';
import { useMembers } from '../stores/members';
import { usePreferences } from '../stores/preferences';
import { useProfiles } from '../stores/profiles';
import { useSession } from '../stores/session';
import { EVERYBODY, comparedName, typedName } from '../text/mentions';
import { useCallingAll } from './useCallingAll';

const OFFERED_MAX = 6;
/** Who is spelled by what is typed is asked for once it stands still. */
const SPELLED_AFTER_MS = 100;
/** Pinyin and its initials; other letters stand for themselves. */
const SPELLING = /^[a-z]+$/iu;

export interface Mentionable {
  /** Null stands for everybody. */
  id: string | null;
  name: string;
}

export function useMentionComplete(
  input: Ref<HTMLTextAreaElement | undefined>,
  replace: (from: number, to: number, text: string) => void,
): {
  offered: ComputedRef<Mentionable[]>;
  at: Ref<number>;
  look: () => void;
  take: (one: Mentionable) => void;
  /** Whether the key was for the list. */
  onKey: (event: KeyboardEvent) => boolean;
} {
  const { t } = useI18n();
  const chat = useChat();
  const members = useMembers();
  const profiles = useProfiles();
  const session = useSession();
  const preferences = usePreferences();
  const typed = ref<{ from: number; query: string } | null>(null);
  /** Closed by hand: it stays so until another name is begun. */
  const refused = ref<number | null>(null);
  const at = ref(0);

  /** The server spells names; without it they are found by what they are written with. */
  const spelled = ref<{ query: string; ids: Set<UserId> } | null>(null);
  watchDebounced(
    () => typed.value?.query ?? '',
    async (query) => {
      if (!SPELLING.test(query)) return;
      const found = await chat.ask('findPeople', { text: query, after: null }).catch(() => null);
      if (found && query === typed.value?.query)
        spelled.value = { query, ids: new Set(found.people.map(({ id }) => id)) };
    },
    { debounce: SPELLED_AFTER_MS },
  );

  const { mayCallAll } = useCallingAll();
  const everybody = computed<Mentionable[]>(() => {
    if (members.room === null || !mayCallAll(members.room, session.myId)) return [];
    return [{ id: null, name: preferences.locale === 'zh' ? EVERYBODY[1] : EVERYBODY[0] }];
  });

  const offered = computed(() => {
    if (!typed.value || typed.value.from === refused.value) return [];
    const query = comparedName(typed.value.query);
    const rank = ({ id, name }: Mentionable): number => {
      const compared = comparedName(name);
      const username = comparedName((id !== null && profiles.known.get(id)?.username) || name);
      if (compared.startsWith(query) || username.startsWith(query)) return 0;
      if (id !== null && spelled.value?.query === typed.value?.query && spelled.value?.ids.has(id)) return 1;
      const meant = id === null && comparedName(t('composer.everyone')).includes(query);
      return meant || compared.includes(query) ? 1 : 2;
    };
    const others = members.list.filter(({ id }) => id !== session.myId);
    return [...others, ...everybody.value]
      .map((one) => ({ one: { id: one.id, name: one.name }, rank: rank(one) }))
      .filter((found) => found.rank < 2)
      .sort((a, b) => a.rank - b.rank)
      .slice(0, OFFERED_MAX)
      .map(({ one }) => one);
  });
  watch(offered, (people) => {
    at.value = 0;
    // A text names people by their usernames, whatever they are shown by.
    for (const { id } of people) if (id !== null) void profiles.want(id).catch(() => undefined);
  });

  /** At every change of the text and of the caret. */
  function look(): void {
    const element = input.value;
    const isCaret =
      element && document.activeElement === element && element.selectionStart === element.selectionEnd;
    const found = isCaret ? typedName(element.value, element.selectionStart) : null;
    if (!found) refused.value = null;
    const before = typed.value;
    if (before?.from !== found?.from || before?.query !== found?.query) typed.value = found;
  }

  function take({ id, name }: Mentionable): void {
    const element = input.value;
    if (!element || !typed.value) return;
    const { from } = typed.value;
    const to = element.selectionStart;
    const before = element.value.slice(from, to);
    const put = (username: string): void => {
      // Who writes on meanwhile keeps what they have written.
      if (element.value.slice(from, to) === before) replace(from, to, `@${username} `);
    };
    typed.value = null;
    refused.value = from;
    const username = id === null ? name : profiles.known.get(id)?.username;
    if (username !== undefined) put(username);
    // Offline nobody can tell; most are shown by their username.
    else if (id !== null)
      void profiles.want(id).then(
        (profile) => {
          put(profile.username);
        },
        () => {
          put(name);
        },
      );
  }

  function onKey(event: KeyboardEvent): boolean {
    const { length } = offered.value;
    if (length === 0 || event.isComposing || event.keyCode === 229) return false;
    const one = offered.value[at.value];
    if (event.key === 'ArrowDown') at.value = (at.value + 1) % length;
    else if (event.key === 'ArrowUp') at.value = (at.value + length - 1) % length;
    else if (event.key === 'Escape') refused.value = typed.value?.from ?? null;
    else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey && one) take(one);
    else return false;
    event.preventDefault();
    return true;
  }

  return { offered, at, look, take, onKey };
}
