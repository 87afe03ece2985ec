import { untilTick } from '../clock.svelte';

/** Two readings of the same thing are at least this far apart, in milliseconds. */
const LEAST = 200;

/** Until the clocks move again: what is read then is drawn together with them, once a second. */
function gap(): number {
  const rest = untilTick();
  return rest < LEAST ? rest + 1000 : rest;
}

/**
 * Runs the work at once, and however often it is called meanwhile only once more: when it is done
 * and the clocks move again. Nobody reads faster, and every drawing costs. The last call is never lost.
 */
export function paced(work: () => Promise<unknown>): { run: () => void; stop: () => void } {
  let busy = false;
  let again = false;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function run(): void {
    if (stopped) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    again = false;
    const rest = new Promise((over) => (timer = setTimeout(over, gap())));
    const done = Promise.resolve(work()).catch(() => undefined);
    void Promise.all([done, rest]).then(() => {
      busy = false;
      if (again) run();
    });
  }

  return {
    run,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
