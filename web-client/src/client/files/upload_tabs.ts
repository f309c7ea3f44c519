/** Of several tabs one has a transfer. When it goes, another one that knows of it goes on. */
import type { TransferId, UserId } from '../../protocol/generated';

export interface UploadTabs {
  /** Runs `work` while this tab has the transfer; others wait. */
  hold(transfer: TransferId, work: () => Promise<void>): Promise<void>;
  /** Tells the other tabs that there is a transfer to wait for. */
  tell(transfer: TransferId): void;
  onTold(take: (transfer: TransferId) => void): void;
}

/** Without locks nobody could say which tab has a transfer: then each has its own until it is loaded anew. */
export function openUploadTabs(user: UserId, locks: LockManager | undefined): UploadTabs {
  if (!locks) return oneTab;
  const channel = new BroadcastChannel(`rill upload ${user}`);
  return {
    hold: async (transfer, work) => {
      await locks.request(`rill upload ${user} ${transfer}`, work);
    },
    tell: (transfer) => {
      channel.postMessage(transfer);
    },
    onTold: (take) => {
      channel.addEventListener('message', ({ data }: MessageEvent<TransferId>) => {
        take(data);
      });
    },
  };
}

export const oneTab: UploadTabs = {
  hold: (_transfer, work) => work(),
  tell: () => undefined,
  onTold: () => undefined,
};
