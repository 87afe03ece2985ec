import { tick } from 'svelte';

/** After a reading at least so long nothing is read, in milliseconds: the engine tells of changes by
    stretches of its own, and both together must not be seen as waiting. */
const LEAST = 30;
/** And at most so far, however dear they are. */
const MOST = 1000;
/** After a reading and its drawing, up to so many times as long as both worked is left to everything else. */
const REST = 4;

/**
 * Until what was read is on the screen; how long that took to draw, in milliseconds, without the wait for
 * the frame: nothing works while it is waited for. A window that nobody sees draws nothing.
 */
function drawn(): Promise<number> {
  if (document.hidden) return Promise.resolve(0);
  return new Promise((done) => {
    requestAnimationFrame(() => {
      const began = performance.now();
      // Behind the frame's own work, which begins after its callbacks.
      setTimeout(() => done(performance.now() - began));
    });
    // The window can be hidden meanwhile: no frame comes then.
    setTimeout(() => done(0), MOST);
  });
}

/**
 * Runs the work at once, and however often it is called meanwhile only once more: when it is done,
 * drawn and a rest is over that follows from the work that was, so that a slow machine draws seldom and
 * a fast one at once. The rest grows with every time in a row: what comes right after a screen was
 * opened, the dearest drawing of all, must not wait for it. The last call is never lost.
 */
export function paced(work: () => Promise<unknown>): { run: () => void; stop: () => void } {
  let busy = false;
  let again = false;
  let stopped = false;
  /** Readings since the last calm, this one left out. */
  let before = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function once(): Promise<void> {
    const began = performance.now();
    await Promise.resolve(work()).catch(() => undefined);
    await tick();
    const read = performance.now() - began;
    const worked = read + (await drawn());
    const rest = Math.min(MOST, Math.max(LEAST, worked * Math.min(before, REST)));
    if (!stopped) await new Promise((over) => (timer = setTimeout(over, rest)));
  }

  function run(): void {
    if (stopped) return;
    if (busy) {
      again = true;
      return;
    }
    before = 0;
    begin();
  }

  function begin(): void {
    busy = true;
    again = false;
    void once().then(() => {
      busy = false;
      if (!again || stopped) return;
      before += 1;
      begin();
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
