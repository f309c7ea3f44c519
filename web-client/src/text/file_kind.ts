/** What a file seems to be, for its icon and for what is tried with it; the server decides by its bytes. */
import { FileOutcome } from '../protocol/generated';
import type { FileState } from '../protocol/generated';

export type FileKind = 'image' | 'video' | 'audio' | 'archive' | 'sheet' | 'text' | 'other';

const BY_NAME: [FileKind, RegExp][] = [
  ['image', /\.(png|jpe?g|gif|webp|bmp|tiff?|ico|avif|heic|svg)$/i],
  ['video', /\.(mp4|m4v|mov|webm|mkv|avi|ogv)$/i],
  ['audio', /\.(mp3|m4a|aac|ogg|oga|opus|wav|flac|weba)$/i],
  ['archive', /\.(zip|7z|rar|gz|tgz|xz|zst|bz2|tar)$/i],
  ['sheet', /\.(xlsx?|ods|csv|tsv|numbers)$/i],
  ['text', /\.(pdf|docx?|odt|rtf|txt|md|pptx?|odp|log|json|xml|html?|pages|key)$/i],
];

export function kindOf(name: string, mediaType = ''): FileKind {
  const [main] = mediaType.split('/');
  if (main === 'image' || main === 'video' || main === 'audio') return main;
  return BY_NAME.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other';
}

/** Whether every browser of today shows it by itself. */
export const isShownImage = (mediaType: string): boolean =>
  /^image\/(png|jpeg|gif|webp|bmp)$/.test(mediaType);

/** Whether a browser plays it, going by what the server found. */
export function playable(state: FileState): 'video' | 'audio' | null {
  if (state.outcome !== FileOutcome.complete) return null;
  const [main] = state.mediaType.split('/');
  return main === 'video' || main === 'audio' ? main : null;
}

/** The box of a picture in a conversation: as large as fits, and never so small that it is lost. */
export function pictureBox(
  width: number,
  height: number,
  max: { width: number; height: number },
): { width: number; height: number } {
  const scale = Math.min(1, max.width / width, max.height / height);
  return {
    width: Math.max(48, Math.round(width * scale)),
    height: Math.max(48, Math.round(height * scale)),
  };
}
