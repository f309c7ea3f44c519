/** What a screen reader hears of a conversation: the newest message of somebody else, never history. */
import { ref, watch } from 'vue';
import type { Ref } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Line } from '../client/model';
import { useSession } from '../stores/session';
import { useLineText } from './useLineText';

/** The answer to opening a room also comes as appended lines; it is not news. */
const QUIET_MS = 1_500;

export function useAnnouncer(lines: () => readonly Line[], lastChange: () => string): Ref<string> {
  const { t } = useI18n();
  const session = useSession();
  const { nameOf, noticeOf, saidOf } = useLineText();
  const announced = ref('');
  /** Of the line that was read out last: what is removed stands nowhere any more, also not here. */
  let seq: number | null = null;
  const quietUntilMs = performance.now() + QUIET_MS;

  watch(lines, (now) => {
    if (seq !== null && now.some((one) => one.seq === seq && one.kind === 'erased')) announced.value = '';
    const line = now.at(-1);
    if (lastChange() !== 'append' || !line || line.author === session.myId) return;
    if (performance.now() < quietUntilMs) return;
    ({ seq } = line);
    announced.value =
      line.kind === 'text' || line.kind === 'file'
        ? t('timeline.announce', { who: nameOf(line.author), text: saidOf(line) })
        : noticeOf(line);
  });

  return announced;
}
