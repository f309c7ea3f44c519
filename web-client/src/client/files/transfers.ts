/** Both ways of files, as the client of a tab drives them. */
import type { FileVariant, RoomId, TransferId } from '../../protocol/generated';
import type { Clock } from '../clock';
import type { FrameStream } from '../frame_stream';
import type { NewUpload } from '../model';
import { Downloads } from './downloads';
import { Uploads } from './uploads';
import type { UploadStore } from './upload_store';
import type { UploadTabs } from './upload_tabs';

/** What the page says about files. */
export type FileCommand =
  | { do: 'upload'; upload: NewUpload }
  | {
      do: 'pauseUpload' | 'resumeUpload' | 'cancelUpload' | 'retryUpload' | 'removeUpload';
      transfer: TransferId;
    }
  /** The person has chosen again what the page has no more. */
  | { do: 'giveFile'; transfer: TransferId; file: Blob }
  | { do: 'cancelDownload'; room: RoomId; seq: number };

export class Transfers {
  readonly uploads: Uploads;
  readonly downloads: Downloads;

  constructor(
    store: UploadStore,
    tabs: UploadTabs,
    clock: Clock,
    changed: { uploads: (added?: TransferId) => void; downloads: () => void },
  ) {
    this.uploads = new Uploads(store, tabs, clock, changed.uploads);
    this.downloads = new Downloads(clock, changed.downloads);
  }

  online(open: () => Promise<FrameStream>): void {
    this.uploads.online(open);
    this.downloads.online(open);
  }

  offline(): void {
    this.uploads.offline();
    this.downloads.offline();
  }

  fetch(room: RoomId, seq: number, variant: FileVariant): Promise<Blob> {
    return this.downloads.fetch({ room, seq, variant });
  }

  command(command: FileCommand): void {
    const { uploads } = this;
    switch (command.do) {
      case 'upload':
        uploads.add(command.upload);
        break;
      case 'pauseUpload':
        uploads.pause(command.transfer);
        break;
      case 'resumeUpload':
        uploads.resume(command.transfer);
        break;
      case 'cancelUpload':
        uploads.cancel(command.transfer);
        break;
      case 'retryUpload':
        uploads.retry(command.transfer);
        break;
      case 'removeUpload':
        uploads.remove(command.transfer);
        break;
      case 'giveFile':
        void uploads.giveFile(command.transfer, command.file);
        break;
      case 'cancelDownload':
        this.downloads.cancel(command.room, command.seq);
        break;
    }
  }
}
