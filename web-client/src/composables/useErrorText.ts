/** What a person reads about a failure: what happened and what helps, by code. */
import { useI18n } from 'vue-i18n';
import { HttpFailed } from '../client/http';
import { codeName } from '../protocol/codes';
import { RequestRefused } from '../stores/chat';

export function useErrorText(): {
  codeText: (code: number | null) => string;
  errorText: (error: unknown) => string;
} {
  const { t, te } = useI18n();

  function nameText(name: string | null, code: number | null): string {
    const key = name === null ? 'errors.network' : `errors.${name}`;
    return te(key) || te(key, 'en') ? t(key) : t('errors.unexpected', { code: name ?? code });
  }

  function codeText(code: number | null): string {
    return code === null ? t('errors.network') : nameText(codeName(code) ?? String(code), code);
  }

  function errorText(error: unknown): string {
    if (error instanceof HttpFailed) {
      if (error.name === 'rate_limited' && error.waitS !== null) return waitText(error.waitS);
      return nameText(error.name, error.code);
    }
    if (error instanceof RequestRefused) return codeText(error.cause.code);
    return t('errors.unexpected', { code: String(error) });
  }

  /** In minutes where seconds would make a person count. */
  function waitText(seconds: number): string {
    if (seconds < 90) return t('wait.seconds', { n: Math.max(1, seconds) }, Math.max(1, seconds));
    const minutes = Math.ceil(seconds / 60);
    return t('wait.minutes', { n: minutes }, minutes);
  }

  return { codeText, errorText };
}
