/**
 * Files that are fetched: as ranges of at most 4 MiB, at most two of them under way, and
 * every one read to its end, so that nothing of the connection's window stays held. What
 * is asked for small comes before what is big; what is big goes on range by range.
 */
import { Code, FileVariant } from '../../protocol/generated';
import type { RoomId } from '../../protocol/generated';
import { codeAction } from '../../protocol/codes';
import type { Clock } from '../clock';
import type { FrameStream } from '../frame_stream';
import type { DownloadProgress } from '../model';
import { CALLED_OFF } from '../port';
import { RequestFailed } from '../request_failed';
import { DownloadJob } from './download_job';
import type { WantedFile } from './download_job';
import { FileLane } from './file_lane';
import type { Range, RangeEnd } from './file_lane';
import { RANGES_AT_ONCE_MAX, RETRY_PAUSE_MS, RETRY_PAUSE_MS_MAX, TRIES_MAX } from './limits';
import { ProgressPace } from './progress_pace';
import { Rate } from './rate';

export class Downloads {
  private readonly jobs: DownloadJob[] = [];
  private lanes: FileLane[] = [];
  private readonly pace: ProgressPace;

  constructor(
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {
    this.pace = new ProgressPace(clock, changed);
  }

  /** Those that a person waits for with a bar. */
  get list(): DownloadProgress[] {
    return this.jobs
      .filter(({ isKept }) => isKept)
      .map(({ wanted: { room, seq }, haveBytes, size, rate }) => ({
        ...{ room, seq, size: size ?? 0, bytes: haveBytes },
        bytesPerSecond: rate.bytesPerSecond,
      }));
  }

  fetch(wanted: WantedFile): Promise<Blob> {
    return new Promise((resolve, reject) => {
      const job = new DownloadJob(wanted, new Rate(this.clock), resolve, reject);
      job.rate.start(0);
      this.jobs.push(job);
      this.changed();
      this.pump();
    });
  }

  cancel(room: RoomId, seq: number): void {
    for (const job of this.jobs.filter(
      ({ wanted, isKept }) => isKept && wanted.room === room && wanted.seq === seq,
    ))
      this.finish(job, () => {
        job.reject(new Error(CALLED_OFF));
      });
  }

  online(open: () => Promise<FrameStream>): void {
    this.lanes = Array.from({ length: RANGES_AT_ONCE_MAX }, () => new FileLane(open));
    this.pump();
  }

  offline(): void {
    this.lanes = [];
  }

  private pump(): void {
    for (const lane of this.lanes) {
      if (lane.busy) continue;
      const found = this.next();
      if (!found) return;
      void lane.read(found.range).then((end) => {
        this.take(found.job, found.range, end, this.lanes.includes(lane));
        this.pump();
      });
    }
  }

  /** The smallest kind first, and inside a kind the one that was asked for first. */
  private next(): { job: DownloadJob; range: Range } | null {
    const rank = [FileVariant.thumbnail, FileVariant.preview, FileVariant.original];
    const inOrder = [...this.jobs].sort(
      (a, b) => rank.indexOf(a.wanted.variant as 0 | 1 | 2) - rank.indexOf(b.wanted.variant as 0 | 1 | 2),
    );
    for (const job of inOrder) {
      const range = job.take();
      if (range) return { job, range };
    }
    return null;
  }

  private take(job: DownloadJob, range: Range, end: RangeEnd, online: boolean): void {
    job.underWay -= 1;
    if (job.over) return;
    const moved = end.piece ? job.put(range, end.piece) : job.putBack(range);
    if (job.isWhole) {
      this.finish(job, () => {
        job.resolve(job.file);
      });
      return;
    }
    if (moved) {
      job.waits = 0;
      this.pace.moved();
    }
    // Fewer bytes than were asked for, or none yet: it is still being sent. However long its
    // sender pauses nothing has failed; it ends when the server says that no more comes.
    if (end.end === 'failed' && end.code === Code.fileNotReady) {
      this.await(job, moved);
      return;
    }
    if (end.end === 'read') {
      if (end.piece.bytes.size < job.lengthOf(range)) this.await(job, moved);
      return;
    }
    if (end.end === 'failed' && end.code !== Code.badRange && codeAction(end.code) === 'stop') {
      this.finish(job, () => {
        job.reject(new RequestFailed(end.code, 'stop', ''));
      });
      return;
    }
    // Without a connection nothing is to blame: it goes on with the next one.
    if (!online) return;
    job.tries += 1;
    if (job.tries >= TRIES_MAX) {
      const code = end.end === 'failed' ? end.code : null;
      this.finish(job, () => {
        job.reject(
          code === null ? new Error('the file cannot be read') : new RequestFailed(code, 'retry', ''),
        );
      });
    } else {
      this.rest(job, job.tries);
    }
  }

  /** For more of a file that is still being sent; the longer nothing comes, the more seldom it is asked. */
  private await(job: DownloadJob, moved: boolean): void {
    // The other range of the same moment has said so.
    if (job.resting) return;
    if (!moved) job.waits += 1;
    this.rest(job, job.waits);
  }

  private rest(job: DownloadJob, times: number): void {
    job.resting = true;
    this.clock.after(Math.min(RETRY_PAUSE_MS * 2 ** Math.max(0, times - 1), RETRY_PAUSE_MS_MAX), () => {
      job.resting = false;
      this.pump();
    });
  }

  private finish(job: DownloadJob, tell: () => void): void {
    job.over = true;
    this.jobs.splice(this.jobs.indexOf(job), 1);
    tell();
    this.changed();
  }
}
