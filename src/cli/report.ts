/** The one place that turns errors into text: message, excerpt, last output, hint. */
import { callersWords } from '../caller-paths.ts';
import { ioError, MpkitError, type SourceLocation } from '../errors.ts';
import { cleanLine, cleanName } from '../tui/clean.ts';

/** Lines for stderr, complete without colour; a bug keeps its stack. */
export function reportError(error: unknown): string {
  if (isSystemError(error)) return reportError(ioError(error, 'working'));
  if (!(error instanceof MpkitError)) return callersWords(bugReport(error));
  const step = error.step ? `[${cleanName(error.step)}] ` : '';
  const lines = [`mpkit: ${step}${cleanName(error.message)}`];
  if (error.location) lines.push(...excerpt(error.location));
  if (error.output && error.output.length > 0)
    lines.push('last output:', ...error.output.map((line) => `  | ${cleanLine(line, false)}`));
  if (error.hint) lines.push(`hint: ${cleanName(error.hint)}`);
  lines.push(...othersOf(error));
  return callersWords(`${lines.join('\n')}\n`);
}

/** A line each, as far as they are not endless. */
function othersOf({ others, hint: first }: MpkitError): string[] {
  if (others.length === 0) return [];
  const most = 20;
  const shown = others.slice(0, most).map(({ message, location, hint }) => {
    const place = location ? `${cleanName(location.file)}:${location.startLine}: ` : '';
    return `  ${place}${cleanName(message)}${hint && hint !== first ? ` (${cleanName(hint)})` : ''}`;
  });
  const more = others.length > most ? [`  and ${others.length - most} more`] : [];
  return ['also:', ...shown, ...more];
}

export function exitCodeOf(error: unknown): number {
  return error instanceof MpkitError ? error.exitCode : 1;
}

/** The instruction with one line around it, marked, as far as it is not endless. */
function excerpt({ file, startLine, endLine, text }: SourceLocation): string[] {
  const all = text.split(/\r?\n/);
  const from = Math.max(1, startLine - 1);
  if (all.at(-1) === '') all.pop();
  const to = Math.min(all.length, Math.min(endLine, startLine + 8) + 1);
  const width = String(to).length;
  const lines = all.slice(from - 1, to).map((line, at) => {
    const number = from + at;
    const mark = number >= startLine && number <= endLine ? '>>>' : '   ';
    return `${mark} ${String(number).padStart(width)} | ${cleanLine(line.slice(0, 300), false)}`;
  });
  return [`${cleanName(file)}:${startLine}`, ...lines];
}

/** What the kernel refused: the user's disk, limits or rights rather than a bug. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

function bugReport(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `mpkit: internal error, please report it\n${text}\n`;
}
