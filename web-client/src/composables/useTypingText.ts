/** Who writes in a room, in one line: two are named, more are several. */
import { useI18n } from 'vue-i18n';
import type { RoomId } from '../protocol/generated';
import { useTyping } from '../stores/typing';
import { useLineText } from './useLineText';

export function useTypingText(): { typingText: (room: RoomId) => string } {
  const { t } = useI18n();
  const typing = useTyping();
  const { nameOf } = useLineText();

  function typingText(room: RoomId): string {
    const [a, b, c] = typing.of(room);
    if (a === undefined) return '';
    if (b === undefined) return t('people.typing.one', { a: nameOf(a) });
    return c === undefined
      ? t('people.typing.two', { a: nameOf(a), b: nameOf(b) })
      : t('people.typing.several');
  }

  return { typingText };
}
