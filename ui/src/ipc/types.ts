/* What crosses between window and program; `bindings.ts` is written by the program's own test. */
export type * from './bindings';

/** An instant: RFC 3339 in UTC, with milliseconds. */
export type At = string;
