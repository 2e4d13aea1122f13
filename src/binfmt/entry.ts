/**
 * One handler of binfmt_misc, as the kernel reads and prints it (Linux,
 * Documentation/admin-guide/binfmt-misc.rst). Pure: nothing here touches the file system.
 */
import { MpkitError } from '../errors.ts';

export interface BinfmtEntry {
  name: string;
  match: MagicMatch | ExtensionMatch;
  /** Absolute path; with `F` the kernel opens it once, while registering. */
  interpreter: string;
  /** Any of P (keep argv[0]), O (pass a descriptor), C (the program's credentials), F (open now). */
  flags: string;
}

export interface MagicMatch {
  offset: number;
  magic: Buffer;
  /** As long as `magic`; without it every bit counts. */
  mask?: Buffer;
}

export interface ExtensionMatch {
  /** The last part of the file name, without the dot. */
  extension: string;
}

export interface RegisteredEntry extends BinfmtEntry {
  enabled: boolean;
}

/**
 * The text for `binfmt_misc/register`, to be written in one write(2): magic and mask as `\xHH`.
 * Throws `invalid-input` for whatever the kernel would refuse or misread.
 */
export function formatEntry(entry: BinfmtEntry): string {
  checkName(entry.name);
  checkInterpreter(entry.interpreter);
  if (!/^[POCF]*$/.test(entry.flags) || new Set(entry.flags).size !== entry.flags.length)
    throw invalid(`flags \`${entry.flags}\``, 'expected each of `P`, `O`, `C`, `F` at most once');
  const rule = 'extension' in entry.match ? extensionRule(entry.match) : magicRule(entry.match);
  const text = `:${entry.name}:${rule}:${entry.interpreter}:${entry.flags}`;
  const length = Buffer.byteLength(text);
  if (length > MAX_ENTRY)
    throw invalid(
      `entry \`${entry.name}\``,
      `expected at most ${MAX_ENTRY} bytes, found ${length}`,
    );
  return text;
}

/**
 * What the kernel prints in `binfmt_misc/NAME`. Lines that a later kernel may add are ignored;
 * throws `invalid-input` when one that must be there is missing or unreadable.
 */
export function parseEntry(name: string, text: string): RegisteredEntry {
  const [state, ...lines] = text.split('\n');
  if (state !== 'enabled' && state !== 'disabled') throw unreadable(name, 'state');
  const fields = new Map(lines.map(splitField));
  const interpreter = fields.get('interpreter');
  const flags = fields.get('flags:');
  if (!interpreter) throw unreadable(name, 'interpreter');
  if (flags === undefined || !/^[A-Z]*$/.test(flags)) throw unreadable(name, 'flags');
  return {
    name,
    enabled: state === 'enabled',
    match: parseMatch(name, fields),
    interpreter,
    flags,
  };
}

// The kernel's MAX_REGISTER_LENGTH and BINPRM_BUF_SIZE.
const MAX_ENTRY = 1920;
const MAX_HEAD = 256;
const MAX_NAME = 255;

function checkName(name: string): void {
  const taken = ['.', '..', 'register', 'status'];
  if (!/^[A-Za-z0-9_.+-]+$/.test(name) || taken.includes(name) || name.length > MAX_NAME)
    throw invalid(`name \`${printable(name)}\``, 'expected letters, digits, `_`, `.`, `+`, `-`');
}

function checkInterpreter(path: string): void {
  // A line break would forge a field in what the kernel prints; the kernel knows no escape for `:`.
  if (!path.startsWith('/') || path.includes(':') || hasControl(path))
    throw invalid(
      `interpreter \`${printable(path)}\``,
      'expected an absolute path without `:` and control characters',
    );
}

function magicRule({ offset, magic, mask }: MagicMatch): string {
  if (magic.length === 0) throw invalid('magic', 'expected at least one byte, found none');
  if (!Number.isInteger(offset) || offset < 0 || offset + magic.length > MAX_HEAD)
    throw invalid('magic', `expected it within the first ${MAX_HEAD} bytes of a file`);
  if (mask && mask.length !== magic.length)
    throw invalid('mask', `expected ${magic.length} bytes like the magic, found ${mask.length}`);
  return `M:${offset}:${escapeBytes(magic)}:${mask ? escapeBytes(mask) : ''}`;
}

function extensionRule({ extension }: ExtensionMatch): string {
  if (extension === '' || /[/:\\]/.test(extension) || hasControl(extension))
    throw invalid(
      `extension \`${printable(extension)}\``,
      'expected a file name ending without `/`, `:`, `\\` and control characters',
    );
  return `E::${extension}:`;
}

function escapeBytes(bytes: Buffer): string {
  return bytes.toString('hex').replace(/../g, '\\x$&');
}

function splitField(line: string): [string, string] {
  const space = line.indexOf(' ');
  return space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)];
}

function parseMatch(name: string, fields: Map<string, string>): MagicMatch | ExtensionMatch {
  const extension = fields.get('extension');
  if (extension !== undefined) {
    if (!/^\../.test(extension)) throw unreadable(name, 'extension');
    return { extension: extension.slice(1) };
  }
  const offset = fields.get('offset');
  if (offset === undefined || !/^\d{1,3}$/.test(offset)) throw unreadable(name, 'offset');
  const magic = parseHex(name, 'magic', fields.get('magic'));
  if (!fields.has('mask')) return { offset: Number(offset), magic };
  const mask = parseHex(name, 'mask', fields.get('mask'));
  if (mask.length !== magic.length) throw unreadable(name, 'mask');
  return { offset: Number(offset), magic, mask };
}

function parseHex(name: string, field: string, text: string | undefined): Buffer {
  if (text === undefined || !/^([0-9a-f]{2}){1,256}$/i.test(text)) throw unreadable(name, field);
  return Buffer.from(text, 'hex');
}

function unreadable(name: string, field: string): MpkitError {
  return new MpkitError(
    'invalid-input',
    `handler \`${printable(name)}\` has no readable ${field} line`,
  );
}

function invalid(what: string, why: string): MpkitError {
  return new MpkitError('invalid-input', `invalid binfmt ${what}: ${why}`);
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function printable(text: string): string {
  return text.slice(0, 100).replace(/\p{Cc}/gu, '?');
}
