import type { At } from '$ipc';
import { m } from '$messages';
import { hourMinute, shortWhen } from '$shared';

/** A make-up deadline to choose. */
export interface DeadlineChoice {
  value: At;
  label: string;
}

const HOUR = 3_600_000;

/**
 * Deadlines offered for a waiver: soon enough that it is made up for by the same people. Chosen
 * from a list, because a typed date is one more thing to get wrong under pressure.
 */
export function deadlineChoices(now: number): DeadlineChoice[] {
  const noon = new Date(now + 24 * HOUR);
  noon.setHours(12, 0, 0, 0);
  const soon = new Date(Math.ceil((now + 2 * HOUR) / (HOUR / 2)) * (HOUR / 2)).toISOString();
  const days = (count: number) => {
    const evening = new Date(now + count * 24 * HOUR);
    evening.setHours(18, 0, 0, 0);
    return evening.toISOString();
  };
  return [
    { value: soon, label: m.gate_deadline_hours({ count: 2, at: hourMinute(soon) }) },
    { value: noon.toISOString(), label: m.gate_deadline_tomorrow({ at: shortWhen(noon.toISOString(), now) }) },
    { value: days(2), label: m.gate_deadline_days({ count: 2, at: shortWhen(days(2), now) }) },
    { value: days(5), label: m.gate_deadline_days({ count: 5, at: shortWhen(days(5), now) }) },
  ];
}

/** Characters as a person counts them: an emoji or a rare Han character is one. */
export const characters = (text: string): number => [...text.trim()].length;

/** Fewest characters of a reason; `decide` asks for as many. */
export const LEAST_REASON = 20;
