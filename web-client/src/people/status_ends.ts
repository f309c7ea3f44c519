/** When a status is over, as people choose it. */
export const STATUS_ENDS = ['never', 'minutes30', 'hour', 'hours4', 'today', 'week'] as const;
export type StatusEnd = (typeof STATUS_ENDS)[number];

const MINUTE_MS = 60_000;
const SPANS_MS: Partial<Record<StatusEnd, number>> = {
  ...{ minutes30: 30 * MINUTE_MS, hour: 60 * MINUTE_MS, hours4: 4 * 60 * MINUTE_MS },
};

/** 0 for never; days and weeks are those of this device's calendar, and a week ends with Sunday. */
export function endOf(end: StatusEnd, nowMs: number): number {
  if (end === 'never') return 0;
  const span = SPANS_MS[end];
  if (span !== undefined) return nowMs + span;
  const now = new Date(nowMs);
  const days = end === 'today' ? 1 : ((7 - now.getDay()) % 7) + 1;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days).getTime();
}
