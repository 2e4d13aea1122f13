/**
 * `.dockerignore`: which paths of a build context stay out. The last pattern that matches a path
 * or one of its parent folders decides; `!` brings back. Reading the file is the caller's work.
 */
import { MpkitError } from '../../errors.ts';
import { compileGlob, type Glob, matchesBelow, matchesPathOrParent } from './glob.ts';

export interface IgnoreRules {
  rules: IgnoreRule[];
}

interface IgnoreRule {
  /** `!pattern`: brings back what an earlier rule left out. */
  exception: boolean;
  glob: Glob;
  /** Where the pattern has no wildcard but a leading `**` folder: the plain text after it. */
  plain: { text: string; anywhere: boolean } | undefined;
}

/** Reads the text of an ignore file; throws `invalid-input` for a lone `!` or a bad bracket. */
export function readIgnoreFile(text: string): IgnoreRules {
  return ignoreRules(parseIgnoreFile(text));
}

/** The patterns of an ignore file in order, cleaned, `!` in front of exceptions. */
export function parseIgnoreFile(text: string): string[] {
  const patterns: string[] = [];
  for (const line of text.replace(/^\uFEFF/, '').split('\n')) {
    if (line.startsWith('#')) continue;
    const { exception, pattern } = splitException(line.trim());
    if (!exception && pattern === '') continue;
    const cleaned = pattern === '' ? '' : cleanPath(pattern);
    const relative = cleaned.length > 1 ? cleaned.replace(/^\//, '') : cleaned;
    patterns.push(exception ? `!${relative}` : relative);
  }
  return patterns;
}

/** Compiles patterns, given in order. */
export function ignoreRules(patterns: string[]): IgnoreRules {
  const rules = patterns
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '')
    .map(compileRule);
  return { rules };
}

/** Whether `path`, relative to the context, with `/` between components, is left out. */
export function isIgnored({ rules }: IgnoreRules, path: string): boolean {
  const relative = path.replace(/^\/|\/$/g, '');
  const last = rules.findLast((rule) => matchRule(rule, relative));
  return last !== undefined && !last.exception;
}

/** Whether an ignored folder must be walked all the same, because `!` may bring back its content. */
export function mayHoldExceptions(rules: IgnoreRules, folder: string): boolean {
  return rules.rules.some((rule) => rule.exception && matchesBelow(rule.glob, folder));
}

function compileRule(pattern: string): IgnoreRule {
  const { exception, pattern: bare } = splitException(pattern);
  if (bare === '')
    throw new MpkitError('invalid-input', 'ignore pattern `!` names nothing', {
      hint: 'write `!path` to bring a path back, or delete the line',
    });
  const cleaned = cleanPath(bare);
  const text = cleaned.replace(/^\*\*\//, '');
  const plain = /[*?[\\]/.test(text) ? undefined : { text, anywhere: text !== cleaned };
  return { exception, glob: compileGlob(cleaned), plain };
}

function splitException(pattern: string): { exception: boolean; pattern: string } {
  if (!pattern.startsWith('!')) return { exception: false, pattern };
  return { exception: true, pattern: pattern.slice(1).trim() };
}

function matchRule({ glob, plain }: IgnoreRule, path: string): boolean {
  if (plain === undefined) return matchesPathOrParent(glob, path);
  if (plain.anywhere) return `/${path}/`.includes(`/${plain.text}/`);
  return path === plain.text || path.startsWith(`${plain.text}/`);
}

/** Folds `//`, `.` and `x/..` away; a leading `/` stays, a trailing one goes. */
function cleanPath(path: string): string {
  const rooted = path.startsWith('/');
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!rooted) kept.push(part);
  }
  return (rooted ? '/' : '') + kept.join('/') || '.';
}
