/**
 * Median and spread of repeated measurements. Pure.
 *
 * The spread is the interval of the median by order statistics (sign test): of n sorted values the
 * k-th and the k-th from the end, k being the largest for which they hold the median in at least
 * 95 of 100 cases. It asks nothing of the noise's distribution, needs no random numbers, and is
 * honest for nine values where resampling them would be too sure of itself. Below six values it is
 * the whole range. Ratios are taken within one turn, of neighbours in time, so that a slow minute of
 * the machine cancels out; what does not cancel shows as spread.
 */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  if (n === 0) throw new Error('no values');
  const k = rankOf(n);
  return { median: median(sorted), low: sorted[k - 1]!, high: sorted[n - k]! };
}

/** Value by value: `values[i] / base[i]`. */
export function ratiosOf(values: readonly number[], base: readonly number[]): number[] {
  return values.slice(0, base.length).map((value, at) => value / base[at]!);
}

/** Turn by turn, over all workloads: how much slower the whole is. */
export function geometricMeans(rows: readonly (readonly number[])[]): number[] {
  const turns = Math.min(...rows.map((row) => row.length));
  return Array.from({ length: rows.length === 0 ? 0 : turns }, (_, turn) => {
    const logs = rows.map((row) => Math.log(row[turn]!));
    return Math.exp(logs.reduce((sum, each) => sum + each, 0) / logs.length);
  });
}

export function overlap(a: Spread, b: Spread): boolean {
  return a.low <= b.high && b.low <= a.high;
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The largest k with P(fewer than k of n fair coins show heads) ≤ 2.5 %, at least 1. */
function rankOf(n: number): number {
  let ways = 1;
  let sum = 1;
  let k = 1;
  for (; k <= n / 2; k++) {
    ways = (ways * (n - k + 1)) / k;
    sum += ways;
    if (sum / 2 ** n > 0.025) break;
  }
  return Math.min(k, Math.ceil(n / 2));
}
