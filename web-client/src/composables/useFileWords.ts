/** What a person reads about a file that is on its way. */
import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { DownloadProgress, Upload } from '../client/model';
import { LANGUAGE_TAGS } from '../locales/i18n';
import { useLink } from '../stores/link';
import { usePreferences } from '../stores/preferences';
import { byteProgress, byteRate, byteSize, percent } from '../text/bytes';
import { useErrorText } from './useErrorText';

export function useFileWords(): {
  size: (bytes: number) => string;
  /** Of a file that somebody else is sending. */
  arrivingWords: (have: number, of: number) => string;
  uploadWords: (upload: Upload) => string;
  uploadState: (upload: Upload) => string;
  downloadWords: (download: DownloadProgress) => string;
} {
  const { t } = useI18n();
  const { codeText } = useErrorText();
  const link = useLink();
  const preferences = usePreferences();
  const language = computed(() => LANGUAGE_TAGS[preferences.locale]);

  const size = (bytes: number): string => byteSize(bytes, language.value);
  const progress = (have: number, of: number): string => byteProgress(have, of, language.value);

  /** As far as there is something to go by. */
  function rate(bytesPerSecond: number | null): string[] {
    return bytesPerSecond === null || bytesPerSecond < 1 ? [] : [byteRate(bytesPerSecond, language.value)];
  }

  function remaining(left: number, bytesPerSecond: number | null): string[] {
    return bytesPerSecond === null || bytesPerSecond < 1 ? [] : [timeLeft(left / bytesPerSecond)];
  }

  function timeLeft(seconds: number): string {
    if (seconds < 60) {
      const n = Math.max(1, Math.ceil(seconds));
      return t('files.secondsLeft', { n }, n);
    }
    const minutes = Math.ceil(seconds / 60);
    if (minutes < 60) return t('files.minutesLeft', { n: minutes }, minutes);
    const hours = Math.ceil(minutes / 60);
    return t('files.hoursLeft', { n: hours }, hours);
  }

  /** The line under the name. */
  function uploadWords(upload: Upload): string {
    const { state, durableBytes, size: of, bytesPerSecond, code, otherFile, unreadable } = upload;
    switch (state) {
      case 'failed':
        return codeText(code ?? null);
      case 'fileNeeded':
        if (otherFile) return t('files.otherFile');
        return unreadable ? t('files.unreadable') : t('files.fileNeeded');
      case 'checking':
      case 'cancelling':
        return size(of);
      case 'queued':
        return durableBytes > 0 ? progress(durableBytes, of) : size(of);
      default:
        // Beside two buttons there is no place for more: the time stands under the bubble.
        return [progress(durableBytes, of), ...rate(bytesPerSecond)].join(' · ');
    }
  }

  /** The words under the bubble. */
  function uploadState({ state, durableBytes, size: of, bytesPerSecond }: Upload): string {
    switch (state) {
      case 'sending': {
        const sending = t('files.sending', { n: percent(durableBytes, of) });
        return [sending, ...remaining(of - durableBytes, bytesPerSecond)].join(' · ');
      }
      case 'queued':
        return ['online', 'restarting'].includes(link.link.phase) ? t('files.queued') : t('message.waiting');
      case 'paused':
        return t('files.paused', { n: percent(durableBytes, of) });
      case 'checking':
        return t('files.checking');
      case 'cancelling':
        return t('files.cancelling');
      case 'fileNeeded':
        return t('files.stopped', { n: percent(durableBytes, of) });
      default:
        return t('message.failed');
    }
  }

  function downloadWords({ bytes, size: of, bytesPerSecond }: DownloadProgress): string {
    const pace = [...rate(bytesPerSecond), ...remaining(of - bytes, bytesPerSecond)];
    return [progress(bytes, of), ...pace].join(' · ');
  }

  function arrivingWords(have: number, of: number): string {
    return t('files.arriving', { progress: progress(have, of) });
  }

  return { size, arrivingWords, uploadWords, uploadState, downloadWords };
}
