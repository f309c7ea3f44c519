/** Names of authors, and the sentence of a line that nobody said. */
import { useI18n } from 'vue-i18n';
import type { Line } from '../client/model';
import type { UserId, Voice } from '../protocol/generated';
import { usePeople } from '../stores/people';
import { useSession } from '../stores/session';
import { kindOf } from '../text/file_kind';
import { shortName } from '../text/file_name';
import { clock } from '../voice/waveform';
import { useChangeText } from './useChangeText';

/** What is said of a file in one line. */
export interface SaidFile {
  name: string;
  voice?: Voice | null;
  mediaType?: string;
}

export function useLineText(): {
  nameOf: (id: UserId) => string;
  noticeOf: (line: Line) => string;
  /** A file's name takes at most so many characters of it. */
  saidOf: (line: Line, nameMax?: number) => string;
  fileOf: (file: SaidFile, beside?: string, nameMax?: number) => string;
} {
  const { t } = useI18n();
  const people = usePeople();
  const session = useSession();
  const { changeOf } = useChangeText();

  function nameOf(id: UserId): string {
    const name = people.names.get(id);
    // One's own is known before anybody tells it.
    if (session.me?.id === id) return name || session.me.name;
    // Asked for, and there in a moment; an account that is gone has an empty name.
    return name === undefined ? '…' : name || t('timeline.unknown');
  }

  function noticeOf(line: Line): string {
    const who = nameOf(line.author);
    const change = changeOf(line, who);
    if (change !== null) return change;
    if (line.kind === 'created') return t('timeline.created', { who, name: line.text });
    if (line.kind === 'joined') return t('timeline.joined', { who });
    if (line.kind === 'avatar') return t('timeline.avatar', { who });
    if (line.kind === 'left') return t('timeline.left', { who });
    if (line.kind === 'erased') return t('timeline.erased');
    return line.text;
  }

  /** What somebody said, in one line: of a file its kind and its name, or what stands beside it. */
  function saidOf(line: Line, nameMax = Infinity): string {
    if (!line.file) return line.text;
    const { name, state, voice } = line.file;
    return fileOf({ name, voice, mediaType: state.mediaType }, line.text, nameMax);
  }

  function fileOf({ name, voice, mediaType }: SaidFile, beside = '', nameMax = Infinity): string {
    if (voice) return t('voice.preview', { length: clock(voice.durationMs) });
    return t(`files.kinds.${kindOf(name, mediaType)}`, { name: beside || shortName(name, nameMax) });
  }

  return { nameOf, noticeOf, saidOf, fileOf };
}
