import type { ReleaseView } from '$ipc';

/** A module that can be armed for. */
export interface Armable {
  module: string;
  from: string | null;
  to: string;
}

/** Modules of an environment that can go, in their order: those taken back can go again. */
export function armable(release: ReleaseView | null, environment: string | null): Armable[] {
  if (!release || !environment) return [];
  return release.stages.flatMap((stage) =>
    stage.rows.flatMap((row) =>
      row.cells
        .filter((cell) => cell.environment === environment && !['passed', 'goingBack'].includes(cell.status))
        .map((cell) => ({ module: row.module, from: cell.from, to: cell.to })),
    ),
  );
}

/** How many characters are right so far, and whether one is wrong. */
export function comparison(typed: string, wanted: string): { right: boolean; wrong: boolean; left: number } {
  const wrong = !wanted.startsWith(typed);
  return { right: typed === wanted, wrong, left: wrong ? 0 : Array.from(wanted).length - Array.from(typed).length };
}
