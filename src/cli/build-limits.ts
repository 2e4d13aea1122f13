/** How long a build and each of its RUN steps may take, in seconds; 0 for any time. */
import { usageOf } from './verb.ts';

/** The whole build: by default a day, longer than any that still gets on. */
export function readTimeout({ timeout }: { timeout?: string | undefined }): number {
  return seconds('timeout', timeout, 86_400);
}

/** Each RUN: by default six hours. An emulated compiler gets on in that time, a hung one would not. */
export function readRunTimeout(flags: { 'run-timeout'?: string | undefined }): number {
  return seconds('run-timeout', flags['run-timeout'], 21_600);
}

/** What a timer of Node can hold. */
const longest = 2_147_483;

function seconds(flag: string, value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (/^\d{1,7}$/.test(value) && Number(value) <= longest) return Number(value);
  throw usageOf('build')(
    `invalid ${flag} \`${value}\`: expected seconds up to ${longest}, 0 for none`,
  );
}
