/* One clock for the whole window: everything that counts seconds reads it, so that all of them
   move together and one timer is enough. */
let skew = 0;
let now = $state(Date.now());

const timer = setInterval(() => {
  now = Date.now() + skew;
}, 1000);
// Under vitest the timer must not keep the process alive.
(timer as unknown as { unref?: () => void }).unref?.();

/** Milliseconds since the epoch, a rune that moves once a second. */
export const tick = (): number => now;

const midnight = $derived(new Date(now).setHours(0, 0, 0, 0));

/** The day, as its first millisecond: a rune that moves once a day, for what is told by the day. */
export const today = (): number => midnight;

/** The exact instant, for measuring. */
export const instant = (): number => Date.now() + skew;

/** Sets the clock to another instant (fixtures and tests tell a story of a fixed day). */
export function setClock(at: string | null): void {
  skew = at ? Date.parse(at) - Date.now() : 0;
  now = Date.now() + skew;
}
