import type { Problem } from '$ipc';
import { m } from '$messages';

/** A message that names values. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- every message names other values
export type Sentence = (values?: any) => string;

/* Parts of sentences that the program names by a code (contract: phrases.rs), as values of a failure. */

export const problems: Record<Problem, Sentence> = {
  commandNotStarted: m.problem_commandNotStarted,
  commandLate: m.problem_commandLate,
  commandExited: m.problem_commandExited,
  commandKilled: m.problem_commandKilled,
  commandTooLong: m.problem_commandTooLong,
  commandNotCredential: m.problem_commandNotCredential,
  commandOtherVersion: m.problem_commandOtherVersion,
  commandEmpty: m.problem_commandEmpty,
  commandBadCertificate: m.problem_commandBadCertificate,
  commandExpired: m.problem_commandExpired,
};

/** Which values of a failure are codes, and the phrases for them. */
export const phrases: Record<string, Record<string, Sentence>> = { problem: problems };
