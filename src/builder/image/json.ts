/** JSON from a stranger: bounded, not deep, and checked before anybody reads a field of it. */
import * as v from 'valibot';
import { MpkitError } from '../../errors.ts';
import { documentLimit } from './blobs.ts';

/**
 * The document as it was written, with every field the schema does not know, but without those
 * that are null: Go writes empty lists and times so, and means what absence means. `name` is for
 * the message. Throws `invalid-image`.
 */
export function parseDocument<T>(
  schema: v.GenericSchema<unknown, T>,
  content: Buffer,
  name: string,
): T {
  const invalid = (why: string) => new MpkitError('invalid-image', `invalid ${name}: ${why}`);
  if (content.length > documentLimit) throw invalid(`${content.length} bytes are too many`);
  if (isTooDeep(content)) throw invalid(`more than ${deepest} levels of nesting`);
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content), (_, value) =>
      value === null ? undefined : value,
    );
  } catch {
    throw invalid('it is not JSON');
  }
  const result = v.safeParse(schema, document);
  if (!result.success) {
    const [issue] = result.issues;
    const path = v.getDotPath(issue);
    throw invalid(`${path ? `\`${path.slice(0, 200)}\`: ` : ''}${lowerFirst(issue.message)}`);
  }
  // not `result.output`: copying drops keys such as `__proto__`, which may be labels
  return document as T;
}

/** An object whose values are all strings; keys are whatever the user chose. */
export const stringMap = v.custom<Record<string, string>>(
  (value) => isObject(value) && Object.values(value).every((each) => typeof each === 'string'),
  'expected an object of strings',
);

/** A set, as Docker writes it: an object of empty objects. */
export const nameSet = v.custom<Record<string, object>>(
  (value) => isObject(value) && Object.values(value).every(isObject),
  'expected an object of objects',
);

/** Deterministic: keys keep the order in which they were set. */
export function formatDocument(document: object): Buffer {
  return Buffer.from(JSON.stringify(document));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const deepest = 64;

function isTooDeep(content: Buffer): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < content.length; at++) {
    const byte = content[at];
    if (quoted) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) quoted = false;
    } else if (byte === 0x22) quoted = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepest) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1, 300);
}
