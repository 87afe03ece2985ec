import type { PodSlot, PodState, PodView } from '$ipc';

/** How a cell of the pod grid is drawn. */
export type PodLook = 'runOld' | 'terminating' | 'gone' | 'starting' | 'ready' | 'failing' | 'none';

/** A stretch of slots that fits the width. */
export interface PodBand {
  /** Number of its first slot, from 1. */
  first: number;
  slots: PodSlot[];
}

/** Beyond this many slots the cells lose their names and become small. */
export const DENSE_OVER = 24;

export function oldLook(pod: PodView | null): PodLook {
  if (!pod) return 'none';
  const looks: Record<PodState, PodLook> = {
    starting: 'starting',
    ready: 'runOld',
    failing: 'failing',
    terminating: 'terminating',
    gone: 'gone',
  };
  return looks[pod.state];
}

export function newLook(pod: PodView | null): PodLook {
  if (!pod) return 'none';
  const looks: Record<PodState, PodLook> = {
    starting: 'starting',
    ready: 'ready',
    failing: 'failing',
    terminating: 'terminating',
    gone: 'gone',
  };
  return looks[pod.state];
}

/** How many cells look how, old ones and new ones together; one that is yet to come looks as one that is gone. */
export function countLooks(slots: PodSlot[]): Map<PodLook, number> {
  const counts = new Map<PodLook, number>();
  for (const slot of slots) {
    for (const look of [oldLook(slot.old), newLook(slot.new)]) {
      const as = look === 'none' ? 'gone' : look;
      counts.set(as, (counts.get(as) ?? 0) + 1);
    }
  }
  return counts;
}

/** Slots cut into bands of equal length. */
export function bands(slots: PodSlot[], columns: number): PodBand[] {
  const wide = Math.max(1, columns);
  const found: PodBand[] = [];
  for (let from = 0; from < slots.length; from += wide) {
    found.push({ first: from + 1, slots: slots.slice(from, from + wide) });
  }
  return found;
}

/** Where the arrow of a slot stands: nothing yet, changing now, or done. */
export function arrowOf(slot: PodSlot): 'ahead' | 'now' | 'done' | 'bad' {
  if (slot.new?.state === 'failing') return 'bad';
  if (slot.new?.state === 'ready' && (!slot.old || slot.old.state === 'gone')) return 'done';
  if (slot.new || slot.old?.state === 'terminating') return 'now';
  return 'ahead';
}
