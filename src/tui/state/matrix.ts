/** The picture of a build: steps down, platforms across. Pure. */
import type { BuildState, PlatformPlan, StepState } from './build.ts';

export interface Matrix {
  platforms: readonly string[];
  rows: MatrixRow[];
}

export interface MatrixRow {
  key: string;
  /** `build 2/5`. */
  step: string;
  text: string;
  /** One for each platform; undefined where that platform has no such step. */
  cells: (StepState | undefined)[];
}

/** The same instruction of every platform is one row, in the order of the Dockerfile's stages. */
export function matrixOf({ platforms, steps }: BuildState): Matrix {
  const rows = new Map<string, MatrixRow>();
  for (const key of mergedOrder(platforms.map((plan) => keysOf(plan, steps))))
    rows.set(key, { key, step: '', text: '', cells: platforms.map(() => undefined) });
  platforms.forEach((plan, column) => {
    for (const id of plan.ids) {
      const step = steps.get(id);
      const row = step && rows.get(rowKey(step));
      if (!row) continue;
      row.step = step.label.step;
      row.text = step.label.text;
      row.cells[column] = step;
    }
  });
  return { platforms: platforms.map(({ platform }) => platform), rows: [...rows.values()] };
}

/**
 * At most `count` rows, without losing sight of what runs: those from the first unfinished on, as
 * far up as there is room.
 */
export function visibleRows(rows: MatrixRow[], count: number): { from: number; to: number } {
  if (rows.length <= count) return { from: 0, to: rows.length };
  const active = rows.findIndex(({ cells }) =>
    cells.some((cell) => cell && ['running', 'failed', 'waiting'].includes(cell.status)),
  );
  const wanted = active < 0 ? rows.length - count : Math.max(0, active - 1);
  const from = Math.min(wanted, rows.length - count);
  return { from, to: from + count };
}

/** Stages of one name cannot be told apart by their step alone. */
function rowKey({ label }: StepState): string {
  return `${label.location?.startLine ?? ''} ${label.step} ${label.text}`;
}

function keysOf(plan: PlatformPlan, steps: BuildState['steps']): string[] {
  return plan.ids.flatMap((id) => {
    const step = steps.get(id);
    return step ? [rowKey(step)] : [];
  });
}

/** Every key once; one that the longer lists lack stands behind what precedes it in its own. */
function mergedOrder(lists: string[][]): string[] {
  const order: string[] = [];
  for (const list of lists) {
    let at = 0;
    for (const key of list) {
      const known = order.indexOf(key);
      if (known >= 0) at = known + 1;
      else order.splice(at++, 0, key);
    }
  }
  return order;
}
