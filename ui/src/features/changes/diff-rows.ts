import type { ConflictView, DiffKind, DiffLine, ObjectChangeView, UndeclaredView } from '$ipc';

/** What the diff shows from top to bottom: lines, and callouts right where they belong. */
export type DiffRow =
  | { row: 'line'; key: string; line: DiffLine }
  | { row: 'undeclared'; key: string; undeclared: UndeclaredView; index: number }
  | { row: 'conflict'; key: string; conflict: ConflictView };

const QUIET: readonly DiffKind[] = ['same', 'section', 'gap'];

export const isChange = (line: DiffLine): boolean => !QUIET.includes(line.kind);

const covers = (path: string, line: string | null): boolean =>
  line !== null && (line === path || line.startsWith(`${path}.`) || line.startsWith(`${path}[`));

/** The last line that belongs to the path; -1 when the diff shows none. */
function lastLineOf(lines: DiffLine[], path: string): number {
  return lines.findLastIndex((line) => line.kind !== 'gap' && covers(path, line.path));
}

/** Lines with their callouts in place; a callout without a line of its own goes to the top. */
export function diffRows(object: ObjectChangeView): DiffRow[] {
  const after = new Map<number, DiffRow[]>();
  const put = (at: number, row: DiffRow) => after.set(at, [...(after.get(at) ?? []), row]);
  object.undeclared.forEach((undeclared, index) =>
    put(lastLineOf(object.lines, undeclared.path), {
      row: 'undeclared',
      key: `undeclared ${undeclared.path}`,
      undeclared,
      index,
    }),
  );
  for (const conflict of object.conflicts) {
    put(lastLineOf(object.lines, conflict.path), {
      row: 'conflict',
      key: `conflict ${conflict.manager} ${conflict.path}`,
      conflict,
    });
  }
  const rows: DiffRow[] = [...(after.get(-1) ?? [])];
  object.lines.forEach((line, index) => {
    rows.push({ row: 'line', key: `line ${index}`, line });
    rows.push(...(after.get(index) ?? []));
  });
  return rows;
}

/** Where each difference begins: the row at which a run of changed lines starts. */
export function differences(rows: DiffRow[]): number[] {
  const starts: number[] = [];
  let inside = false;
  rows.forEach((row, index) => {
    const change = row.row === 'line' ? isChange(row.line) : inside;
    if (change && !inside) starts.push(index);
    inside = change;
  });
  return starts;
}

/** The difference after (or before) the one at hand, around the ends. */
export function stepDifference(count: number, current: number, by: 1 | -1): number {
  if (count === 0) return -1;
  return (current + by + count) % count;
}
