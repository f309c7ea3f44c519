/** What the browser keeps of files: those on their way, those in the tray, and the drafts beside them. */
import type { Person } from './fixtures';

export interface Kept {
  uploads: number;
  tray: number;
  drafts: number;
}

export const kept = ({ page }: Person): Promise<Kept> =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const opened = indexedDB.open('rill');
        opened.onsuccess = () => {
          const look = opened.result.transaction(['files', 'tray', 'drafts']);
          const uploads = look.objectStore('files').count();
          const tray = look.objectStore('tray').getAll();
          const drafts = look.objectStore('drafts').count();
          look.oncomplete = () => {
            const there = (tray.result as { file: unknown }[]).filter(({ file }) => file !== null);
            resolve({ uploads: uploads.result, tray: there.length, drafts: drafts.result });
            opened.result.close();
          };
        };
      }),
  );
