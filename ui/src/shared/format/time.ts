import type { At } from '$ipc';
import { m } from '$messages';
import { language } from '../language.svelte';

/* Instants are UTC on the wire and the workstation's zone on the screen. Numbers are milliseconds
   since 1970, as `Date.now()` has them; a length says its unit by its name. */
const pad = (n: number): string => String(n).padStart(2, '0');

const date = (at: At | number): Date => new Date(at);

/** `10:52` */
export function hourMinute(at: At | number): string {
  const d = date(at);
  return Number.isNaN(d.getTime()) ? '—' : `${pad(d.getHours())}:${pad(d.getMinutes())}`;
}

/** `10:52:31` */
export function clockTime(at: At | number): string {
  const d = date(at);
  return Number.isNaN(d.getTime()) ? '—' : `${hourMinute(at)}:${pad(d.getSeconds())}`;
}

/** `10:52:31.204` */
export const clockMillis = (at: At): string => `${clockTime(at)}.${String(date(at).getMilliseconds()).padStart(3, '0')}`;

/** `2026-09-15` */
export function day(at: At | number): string {
  const d = date(at);
  return Number.isNaN(d.getTime()) ? '—' : `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
}

/** `2026-09-15 10:52` */
export const dayMinute = (at: At | number): string => `${day(at)} ${hourMinute(at)}`;

/** `周二`, `Tue` */
export const weekday = (at: At | number): string =>
  new Intl.DateTimeFormat(language(), { weekday: 'short' }).format(date(at));

/** Whether both are on one day in the workstation's zone. */
export const sameDay = (a: At | number, b: At | number): boolean => day(a) === day(b);

/** `10:52` today, `09-14 10:52` this year, else with the year. */
export function shortWhen(at: At, now: number): string {
  if (sameDay(at, now)) return hourMinute(at);
  const full = dayMinute(at);
  return full.slice(0, 4) === day(now).slice(0, 4) ? full.slice(5) : full;
}

/** A clock of a length: `15:24`, `1:02:03`; never negative. */
export function lengthClock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(s / 3600);
  const rest = `${hours ? pad(Math.floor((s % 3600) / 60)) : Math.floor((s % 3600) / 60)}:${pad(s % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/** A length in words: `30 分钟`, `1 小时 30 分`, `12 s`. */
export function lengthWords(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return m.time_seconds({ n: s });
  const minutes = Math.round(s / 60);
  if (minutes < 60) return m.time_minutes({ n: minutes });
  const hours = Math.floor(minutes / 60);
  return minutes % 60 ? m.time_hours_minutes({ hours, minutes: minutes % 60 }) : m.time_hours({ n: hours });
}

/** How long something took: `38 ms`, `0.4 s`, `38 s`, `12:56`. */
export function took(ms: number): string {
  if (ms < 100) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return lengthClock(ms / 1000);
}

/** `刚刚`, `10 秒前`, `3 分钟前`; seconds in steps of ten: an age is looked at, not counted. */
export function ago(at: At | number, now: number): string {
  const s = Math.max(0, Math.floor((now - date(at).getTime()) / 1000));
  if (s < 10) return m.time_just_now();
  if (s < 120) return m.time_seconds_ago({ n: s - (s % 10) });
  if (s < 7200) return m.time_minutes_ago({ n: Math.floor(s / 60) });
  if (s < 172_800) return m.time_hours_ago({ n: Math.floor(s / 3600) });
  return m.time_days_ago({ n: Math.floor(s / 86_400) });
}

/** Evidence is a digest, a count or an instant; an instant is shown in the workstation's zone. */
export function evidenceWords(evidence: string): string {
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(evidence) ? clockTime(evidence) : evidence;
}
