/** A word behind a colon becomes an emoji: what it may mean is offered while it is typed. */
import { computed, ref, watch } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import type { Choice } from '../emoji/choices';
import { typedCode } from '../emoji/search';
import { useEmoji } from '../stores/emoji';
import { useEmojiChoices } from './useEmojiChoices';

const OFFERED_MAX = 6;

export function useEmojiComplete(
  input: Ref<HTMLTextAreaElement | undefined>,
  replace: (from: number, to: number, text: string) => void,
): {
  offered: ComputedRef<Choice[]>;
  at: Ref<number>;
  look: () => void;
  take: (choice: Choice) => void;
  /** Whether the key was for the list. */
  onKey: (event: KeyboardEvent) => boolean;
} {
  const emoji = useEmoji();
  const { state, load, search } = useEmojiChoices(false);
  const typed = ref<{ from: number; query: string } | null>(null);
  /** Closed by hand: it stays so until another word is begun. */
  const refused = ref<number | null>(null);
  const at = ref(0);

  const offered = computed(() => {
    if (state.value !== 'ready' || !typed.value || typed.value.from === refused.value) return [];
    return search(typed.value.query, OFFERED_MAX);
  });
  watch(offered, () => {
    at.value = 0;
  });

  /** At every change of the text and of the caret. */
  function look(): void {
    const element = input.value;
    const isCaret = element && element.selectionStart === element.selectionEnd;
    const found = isCaret ? typedCode(element.value, element.selectionStart) : null;
    if (found && state.value !== 'ready') void load();
    if (!found) refused.value = null;
    typed.value = found;
  }

  function take(choice: Choice): void {
    const element = input.value;
    if (!element || !typed.value) return;
    emoji.use(choice.key);
    replace(typed.value.from, element.selectionStart, `${choice.text} `);
    typed.value = null;
  }

  function onKey(event: KeyboardEvent): boolean {
    const { length } = offered.value;
    if (length === 0 || event.isComposing || event.keyCode === 229) return false;
    const choice = offered.value[at.value];
    if (event.key === 'ArrowDown') at.value = (at.value + 1) % length;
    else if (event.key === 'ArrowUp') at.value = (at.value + length - 1) % length;
    else if (event.key === 'Escape') refused.value = typed.value?.from ?? null;
    else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey && choice) take(choice);
    else return false;
    event.preventDefault();
    return true;
  }

  return { offered, at, look, take, onKey };
}
