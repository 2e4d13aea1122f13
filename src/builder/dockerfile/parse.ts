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
  /** Why it could not be taken apart; then only its keyword and its place count. */
  fault?: MpkitError;
  /** From 1, here-documents included. */
  startLine: number;
  endLine: number;
}

/**
 * Parses a whole Dockerfile (reference, "Format", "Parser directives", "Here-documents"). `file`
 * is only its name. A wrong instruction gives a node with its `fault`, so that it can be told together
 * with what later layers find. Throws `dockerfile-syntax` for directives, and where nothing is left.
 */
export function parseDockerfile(text: string, file: string): Dockerfile {
  const lines = splitLines(text.replace(/^\uFEFF/, ''));
  const cursor: Cursor = { lines, next: 0 };
  const place = (startLine: number) => ({ file, text, startLine, endLine: cursor.next });
  const { escapeChar } = readDirectives(lines, (line) => ({ ...place(line), endLine: line }));
  const nodes: DockerfileNode[] = [];
  while (skipToInstruction(cursor)) {
    const node = readInstruction(cursor, escapeChar);
    if (node !== undefined) nodes.push(node);
  }
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
  const node = tryReading(original, escapeChar, (read) => {
    if (takesHereDocuments(read.child ?? read))
      for (const opener of findHereDocuments(original))
        read.heredocs.push({ ...opener, body: readBody(cursor, opener) });
  });
  const place = { startLine, endLine: cursor.next };
  return { ...node, ...place, child: node.child && { ...node.child, ...place } };
}

type Unplaced = Omit<DockerfileNode, 'startLine' | 'endLine'>;

function tryReading(
  original: string,
  escapeChar: Escape,
  readBodies: (node: Unplaced) => void,
): Unplaced {
  const [keyword] = splitKeyword(original);
  let node: Unplaced = { keyword, original, json: false, child: undefined, ...emptyLists() };
  try {
    node = readNode(original, escapeChar);
    readBodies(node);
    return node;
  } catch (fault) {
    if (!(fault instanceof MpkitError)) throw fault;
    return { ...node, fault };
  }
}

function emptyLists(): Pick<Unplaced, 'flags' | 'arguments' | 'heredocs'> {
  return { flags: [], arguments: [], heredocs: [] };
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
function readNode(text: string, escapeChar: Escape): Unplaced {
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
