/** Measured numbers as short words. Pure. */
import type { Spread } from '../../bench/index.ts';

/** `1.3×`, `12×`: two digits say all that repeated runs agree on. */
export function ratioWord(value: number): string {
  return `${short(value)}×`;
}

/** `1.2–1.4`. */
export function rangeWord({ low, high }: Spread): string {
  return `${short(low)}–${short(high)}`;
}

export function timeWord(nanoseconds: number): string {
  const size = Math.abs(nanoseconds);
  if (size < 1e3) return `${short(nanoseconds)} ns`;
  if (size < 1e6) return `${short(nanoseconds / 1e3)} µs`;
  if (size < 1e9) return `${short(nanoseconds / 1e6)} ms`;
  return `${short(nanoseconds / 1e9)} s`;
}

/** Half of the interval, in percent of the median. */
export function spreadWord({ median, low, high }: Spread): string {
  return `±${short((50 * (high - low)) / median)} %`;
}

function short(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0);
}
