import { m } from '$messages';

const WORDS = m as unknown as Record<string, (() => string) | undefined>;

/** A ledger verb in two or three words, for the column; an unknown one stays as it is written. */
export const verbWord = (verb: string): string => WORDS[`audit_verb_${verb}`]?.() ?? verb;
