import type { GateView, StageStatus, StageView } from '$ipc';

/* Where things stand on the rail: columns of cards with the gates' columns between them. All lengths
   are CSS pixels, from the left and the top of the rail. */
export const gateWidth = 84;
export const trackY = 64;

/** A rail with everything on it. */
export interface Rail {
  width: number;
  /** Whether the gate before the first stop is drawn: only while it is closed. */
  first: boolean;
  stations: { stage: StageView; x: number }[];
  gates: { gate: GateView; x: number }[];
  /** How far the track is solid. */
  done: number;
}

/** A stop with several environments has a column for each: its card needs more room. */
export function weight(stage: StageView): number {
  return stage.environments.length > 1 ? 1.4 : 1;
}

const begun: StageStatus[] = ['running', 'soaking', 'passed', 'failed', 'takenBack'];

/** Places everything on a rail of this width. A stop keeps a least width of its own, so that of many the last ones stand beyond it. */
export function rail(stages: StageView[], gates: GateView[], width: number): Rail {
  const first = gates[0]?.stage === stages[0]?.id && gates[0]?.open === false;
  const between = Math.max(0, stages.length - 1) + (first ? 1 : 0);
  const weights = stages.reduce((sum, stage) => sum + weight(stage), 0);
  const unit = Math.max(110, (width - between * gateWidth) / Math.max(1, weights));
  let left = first ? gateWidth : 0;
  const lefts = stages.map((stage) => {
    const here = left;
    left += unit * weight(stage) + gateWidth;
    return here;
  });
  const stations = stages.map((stage, index) => ({ stage, x: lefts[index]! + (unit * weight(stage)) / 2 }));
  const placed = gates.flatMap((gate) => {
    const index = stages.findIndex((stage) => stage.id === gate.stage);
    if (index < 0 || (index === 0 && !first)) return [];
    return [{ gate, x: lefts[index]! - gateWidth / 2 }];
  });
  const done = Math.max(
    0,
    ...stations.filter((station) => begun.includes(station.stage.status)).map((station) => station.x),
    ...placed.filter((one) => one.gate.open).map((one) => one.x),
  );
  const all = stages.length > 0 && stages.every((stage) => stage.status === 'passed');
  return { width, first, stations, gates: placed, done: all ? width : done };
}

/** Share of the soak that is over, 0 to 1; none while there is none. */
export function soakShare(stage: StageView, now: number): number | null {
  const soak = stage.soak;
  if (!soak) return null;
  if (soak.over) return 1;
  return Math.min(1, Math.max(0, (now - Date.parse(soak.from)) / (soak.seconds * 1000)));
}

/** Share of the modules that are through, over all environments of the stop. */
export function moduleShare(stage: StageView): number {
  const cells = stage.rows.flatMap((row) => row.cells);
  return cells.length ? cells.filter((cell) => cell.status === 'passed').length / cells.length : 0;
}
