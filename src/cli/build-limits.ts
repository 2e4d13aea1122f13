/** How long a build and each of its RUN steps may take, and what memory they may have; 0 for any. */
import { sizeWord } from '../size.ts';
import { readMemory } from './memory-flag.ts';
import { usageOf } from './verb.ts';

export interface LimitFlags {
  timeout?: string | undefined;
  'run-timeout'?: string | undefined;
  memory?: string | undefined;
}

/** The whole build, in seconds: by default a day, longer than any that still gets on. */
export function readTimeout({ timeout }: LimitFlags): number {
  return seconds('timeout', timeout, 86_400);
}

export interface StepLimits {
  /** Each RUN: by default six hours. An emulated compiler gets on in that time, a hung one would not. */
  runTimeout: number;
  /** Bytes for all processes of one RUN. */
  memory: number;
  /** What was asked for, all of it, as the plan says it. */
  limits: string | undefined;
}

export function readStepLimits(flags: LimitFlags): StepLimits {
  const runTimeout = seconds('run-timeout', flags['run-timeout'], 21_600);
  const memory = readMemory('build', flags.memory);
  const timeWord = (time: number) => (time > 0 ? `${time} s` : 'any time');
  const memoryWord = memory > 0 ? `${sizeWord(memory)} of memory` : 'any memory';
  const asked = [
    flags.timeout !== undefined && `the build has ${timeWord(readTimeout(flags))}`,
    flags['run-timeout'] !== undefined && `each RUN ${timeWord(runTimeout)}`,
    flags.memory !== undefined && `each RUN ${memoryWord}`,
  ].filter((words) => words !== false);
  return { runTimeout, memory, limits: asked.join(', ') || undefined };
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
