/** What administrators ask of the server. Everybody else is refused there, not only here. */
import { call } from './http';

export interface Account {
  id: string;
  name: string;
  administrator: boolean;
  /** Since when, if it is. */
  disabled_ms: number | null;
  created_ms: number;
}

export interface Invitation {
  id: string;
  /** Who made it; null is whoever runs the server. */
  creator: string | null;
  uses: number;
  uses_max: number;
  created_ms: number;
  expires_ms: number;
}

export interface Named {
  id: string;
  /** Null where the account is no more. */
  name: string | null;
}

export type ReportOutcome = 'nothing' | 'message_removed' | 'account_disabled' | 'other';

/** What a user tells of another. */
export interface Report {
  number: number;
  at_ms: number;
  reporter: Named;
  user: Named;
  /** Null where it is about the person. */
  message: { room: string; room_name: string | null; seq: number } | null;
  reason: string;
  /** What the message said when it was reported. */
  quote: { text: string; file: string | null } | null;
}

/** What administrators do; a later version may know of more. */
export const AUDIT_ACTS = [
  ...(['account_made', 'account_disabled', 'account_enabled', 'password_reset', 'role_given'] as const),
  ...(['role_taken', 'logins_ended', 'invitation_made', 'invitation_revoked', 'avatar_removed'] as const),
  ...(['message_removed', 'report_closed', 'room_deleted'] as const),
] as const;

/** One line of what administrators did. */
export interface AuditEntry {
  seq: number;
  at_ms: number;
  /** Null is whoever runs the server. */
  by: Named | null;
  act: string;
  /** On whom. */
  user: Named | null;
  room: string | null;
  /** Of the room. */
  message: number | null;
  /** Its number. */
  report: number | null;
  /** What somebody was called then, the id of an invitation, or a note. */
  detail: string;
  /** What stays `begun` was cut off. */
  outcome: 'begun' | 'done' | 'failed';
}

/** Of what is noted where a report is closed. */
export const REPORT_NOTE_CHARS_MAX = 250;

/** Of one invitation. */
export const INVITATION_USES_MAX = 1_000;
const DAY_S = 24 * 60 * 60;
export const INVITATION_LIVES_S = [DAY_S, 7 * DAY_S, 30 * DAY_S] as const;
export const INVITATION_LIFE_S = INVITATION_LIVES_S[1];

const PAGE = 50;
const user = (name: string, what: string): string => `admin/users/${encodeURIComponent(name)}/${what}`;

export const admin = {
  accounts: (after: string | null) =>
    call<{ users: Account[]; more: boolean }>(
      'GET',
      `admin/users?limit=${String(PAGE)}${after === null ? '' : `&after=${encodeURIComponent(after)}`}`,
    ),
  /** Its password is made too, and told this once. */
  makeAccount: (username: string) =>
    call<{ user: Account; password: string }>('POST', 'admin/users', { username }),
  setDisabled: (name: string, disabled: boolean) =>
    call<undefined>('POST', user(name, disabled ? 'disable' : 'enable')),
  setAdministrator: (name: string, administrator: boolean) =>
    call<undefined>('POST', user(name, 'role'), { administrator }),
  /** A new password, told this once. */
  resetPassword: (name: string) => call<{ password: string }>('POST', user(name, 'reset-password')),
  invitations: () => call<{ invitations: Invitation[] }>('GET', 'admin/invitations'),
  invite: (uses: number, lifeS: number) =>
    call<{ invitation: string }>('POST', 'admin/invitations', { uses, expires_in_s: lifeS }),
  /** Those that nobody has closed, the oldest first. */
  reports: (after: number | null) =>
    call<{ reports: Report[]; more: boolean }>(
      'GET',
      `admin/reports?limit=${String(PAGE)}${after === null ? '' : `&after=${String(after)}`}`,
    ),
  closeReport: (number: number, outcome: ReportOutcome, note: string) =>
    call<unknown>('POST', `admin/reports/${String(number)}/close`, { outcome, note }),
  /** The newest first, before one of them. */
  audit: (before: number | null) =>
    call<{ entries: AuditEntry[]; more: boolean }>(
      'GET',
      `admin/audit?limit=${String(PAGE)}${before === null ? '' : `&before=${String(before)}`}`,
    ),
  removeMessage: (room: string, seq: number) =>
    call<undefined>('DELETE', `admin/rooms/${encodeURIComponent(room)}/messages/${String(seq)}`),
  revoke: (id: string) => call<undefined>('DELETE', `admin/invitations/${encodeURIComponent(id)}`),
};
