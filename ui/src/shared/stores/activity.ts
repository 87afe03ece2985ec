import { backend } from '$ipc';

/** How often the program is told at most: well below the shortest idle time that can be chosen. */
const GAP = 20_000;
const TOUCHES = ['pointerdown', 'pointermove', 'wheel', 'keydown'] as const;

/** Tells the program when somebody touches the window, so that the key is not locked under their hands.
    The first touch after a pause is told at once. Returns the way to stop. */
export function watchActivity(now: () => number = Date.now): () => void {
  let told = -Infinity;
  const touched = () => {
    // A clock that was set back must not keep silent until it has caught up.
    const since = now() - told;
    if (since >= 0 && since < GAP) return;
    told = now();
    void backend().seatTouch().catch(() => undefined);
  };
  for (const touch of TOUCHES) window.addEventListener(touch, touched, { capture: true, passive: true });
  return () => {
    for (const touch of TOUCHES) window.removeEventListener(touch, touched, { capture: true });
  };
}
