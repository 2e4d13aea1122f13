/**
 * The first layer of the Dockerfile front end: text to nodes. It joins continued lines, takes
 * flags, words, JSON arrays and here-documents apart, and knows nothing of what they mean.
 */
import { MpkitError, type SourceLocation } from '../../errors.ts';
import { readArguments } from './arguments.ts';
import { type Escape, readDirectives } from './directives.ts';
import { splitFlags } from './flags.ts';
import { findHereDocuments, type HereDocument, readBody } from './heredoc.ts';

export interface Dockerfile {
  /** The name for messages. */
  file: string;
  text: string;
  escape: Escape;
  nodes: DockerfileNode[];
}

export interface DockerfileNode {
  /** As typed. */
  keyword: string;
  /** Words `--name` or `--name=value` before the arguments, without their quotes. */
  flags: string[];
  /**
   * Words with quotes, escapes and variables; the elements of a JSON array; one text for RUN, CMD
   * and their like; for ENV and LABEL triples of key, value and `=` (empty in the old form).
   */
  arguments: string[];
  /** Whether the arguments were a JSON array. */
  json: boolean;
  heredocs: HereDocument[];
  /** What ONBUILD stores. */
  child: DockerfileNode | undefined;
  /** The instruction with its continued lines joined. */
  original: string;
  /** From 1, here-documents included. */
  startLine: number;
  endLine: number;
}

/**
 * Parses a whole Dockerfile (reference, "Format", "Parser directives", "Here-documents"). `file`
 * is only its name. Throws `dockerfile-syntax` with the location of the instruction: the first that is
 * wrong, with all others beside it.
 */
export function parseDockerfile(text: string, file: string): Dockerfile {
  const lines = splitLines(text.replace(/^\uFEFF/, ''));
  const cursor: Cursor = { lines, next: 0 };
  const place = (startLine: number) => ({ file, text, startLine, endLine: cursor.next });
  const { escapeChar } = readDirectives(lines, (line) => ({ ...place(line), endLine: line }));
  const nodes: DockerfileNode[] = [];
  const wrong: MpkitError[] = [];
  while (skipToInstruction(cursor)) {
    const startLine = cursor.next + 1;
    try {
      const node = readInstruction(cursor, escapeChar);
      if (node !== undefined) nodes.push(node);
    } catch (error) {
      if (!(error instanceof MpkitError)) throw error;
      error.location ??= place(startLine);
      wrong.push(error);
    }
  }
  const [first, ...others] = wrong;
  if (first) throw Object.assign(first, { others });
  if (nodes.length === 0)
    throw new MpkitError('dockerfile-syntax', 'file with no instructions: expected a `FROM`', {
      location: { file, text, startLine: 1, endLine: 1 },
    });
  return { file, text, escape: escapeChar, nodes };
}

/** Where a node stands, for errors and progress. */
export function locate({ file, text }: Dockerfile, node: DockerfileNode): SourceLocation {
  return { file, text, startLine: node.startLine, endLine: node.endLine };
}

/** Physical lines without their `\n`, and the index of the next one to read. */
interface Cursor {
  lines: string[];
  next: number;
}

function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function skipToInstruction(cursor: Cursor): boolean {
  while (cursor.next < cursor.lines.length) {
    const line = cursor.lines[cursor.next]!;
    if (!isBlank(line) && !isComment(line)) return true;
    cursor.next += 1;
  }
  return false;
}

function readInstruction(cursor: Cursor, escapeChar: Escape): DockerfileNode | undefined {
  const startLine = cursor.next + 1;
  const original = readJoinedLine(cursor, escapeChar).trim();
  if (original === '') return undefined;
  const node = readNode(original, escapeChar);
  if (takesHereDocuments(node.child ?? node))
    for (const opener of findHereDocuments(original))
      node.heredocs.push({ ...opener, body: readBody(cursor, opener) });
  const place = { startLine, endLine: cursor.next };
  return { ...node, ...place, child: node.child && { ...node.child, ...place } };
}

function readJoinedLine(cursor: Cursor, escapeChar: Escape): string {
  const pieces: string[] = [];
  while (cursor.next < cursor.lines.length) {
    const line = withoutReturn(cursor.lines[cursor.next]!);
    cursor.next += 1;
    if (pieces.length > 0 && (isBlank(line) || isComment(line))) continue;
    const piece = pieces.length === 0 ? line.trimStart() : line;
    const continued = withoutContinuation(piece, escapeChar);
    pieces.push(continued ?? piece);
    if (continued === undefined) break;
  }
  return pieces.join('');
}

/** Windows line ends; here-documents keep theirs. */
function withoutReturn(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return line.slice(0, end);
}

/** The line up to its continuation token, or `undefined` when it does not go on. */
function withoutContinuation(line: string, escapeChar: Escape): string | undefined {
  const trimmed = line.trimEnd();
  if (!trimmed.endsWith(escapeChar) || trimmed.at(-2) === escapeChar) return undefined;
  return trimmed.slice(0, -1);
}

/** Takes the joined text of one instruction, or what follows ONBUILD, apart. */
function readNode(text: string, escapeChar: Escape): Omit<DockerfileNode, 'startLine' | 'endLine'> {
  const [keyword, given] = splitKeyword(text);
  const { flags, rest } = splitFlags(given);
  const node = { keyword, flags, heredocs: [], original: text, json: false, child: undefined };
  if (keyword.toLowerCase() !== 'onbuild')
    return { ...node, ...readArguments(keyword, rest, escapeChar) };
  if (rest === '') return { ...node, arguments: [] };
  if (/^onbuild(\s|$)/i.test(rest))
    throw new MpkitError('dockerfile-syntax', '`ONBUILD` inside `ONBUILD` is not allowed');
  const child = { ...readNode(rest, escapeChar), startLine: 0, endLine: 0 };
  return { ...node, arguments: [], child };
}

function splitKeyword(text: string): [keyword: string, rest: string] {
  const end = text.search(/[\t\v\f\r ]/);
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end).trim()];
}

function takesHereDocuments({ keyword, json }: { keyword: string; json: boolean }): boolean {
  return !json && ['run', 'copy', 'add'].includes(keyword.toLowerCase());
}

function isBlank(line: string): boolean {
  return line.trim() === '';
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith('#');
}
