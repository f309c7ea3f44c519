/** Tabs of one browser that share transfers: whoever asked first has one until its tab is closed. */
import type { TransferId } from '../protocol/generated';
import type { UploadTabs } from '../client/files/upload_tabs';

export class ScriptedTabs {
  private readonly takers: ((transfer: TransferId) => void)[] = [];
  /** Who waits for a transfer, in line; the first has it. */
  private readonly lines = new Map<TransferId, (() => void)[]>();

  open(): UploadTabs {
    let own: (transfer: TransferId) => void = () => undefined;
    return {
      hold: async (transfer, work) => {
        const line = this.lines.get(transfer) ?? [];
        this.lines.set(transfer, line);
        await new Promise<void>((resolve) => {
          line.push(resolve);
          if (line.length === 1) resolve();
        });
        await work();
        this.close(transfer);
      },
      tell: (transfer) => {
        for (const take of this.takers) if (take !== own) take(transfer);
      },
      onTold: (take) => {
        own = take;
        this.takers.push(take);
      },
    };
  }

  /** The tab that has the transfer is gone, or lets go of it. */
  close(transfer: TransferId): void {
    const line = this.lines.get(transfer) ?? [];
    line.shift();
    line[0]?.();
  }
}
