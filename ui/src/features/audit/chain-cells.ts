import type { ChainSummary } from '$ipc';

/** One cell of the chain bar. */
export interface ChainCell {
  /** First and last sequence number in the cell. */
  first: number;
  last: number;
  state: 'verified' | 'unverified' | 'broken' | 'after';
  selected: boolean;
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];

/** How many entries a cell stands for, so that the bar keeps at most `cells` of them. */
export function entriesPerCell(entries: number, cells = 66): number {
  return STEPS.find((step) => Math.ceil(entries / step) <= cells) ?? Math.ceil(entries / cells);
}

/**
 * The chain as a row of cells. What comes after a broken entry proves nothing, so it is never
 * drawn as verified even when its own links hold. Where the end was cut off, the first entry that is
 * missing has a cell, too.
 */
export function chainCells(chain: ChainSummary, selected: number | null): ChainCell[] {
  const step = entriesPerCell(chain.entries);
  const cells: ChainCell[] = [];
  const end = Math.max(chain.entries, chain.broken_at ?? 0);
  for (let first = 1; first <= end; first += step) {
    const last = Math.min(first + step - 1, end);
    let state: ChainCell['state'] = last <= chain.verified ? 'verified' : 'unverified';
    if (chain.broken_at !== null) {
      if (chain.broken_at >= first && chain.broken_at <= last) state = 'broken';
      else if (first > chain.broken_at) state = 'after';
      else state = 'verified';
    }
    cells.push({ first, last, state, selected: selected !== null && selected >= first && selected <= last });
  }
  return cells;
}
