/** The numbers in tar headers. */
import { Malformed } from './malformed.ts';

/** Octal digits with blanks or NULs around, or GNU's base 256 when the first bit is set. */
export function tarNumber(block: Buffer, at: number, size: number): number {
  const field = block.subarray(at, at + size);
  if (field[0]! & 0x80) return base256(field);
  const text = field.toString('latin1').replace(/^[ \0]+|[ \0].*$/gs, '');
  if (!/^[0-7]*$/.test(text)) throw new Malformed('a number that is not octal');
  return text === '' ? 0 : Number.parseInt(text, 8);
}

/** The same, without a sign. */
export function positiveNumber(block: Buffer, at: number, size: number): number {
  const value = tarNumber(block, at, size);
  if (value < 0) throw new Malformed('a negative number');
  return value;
}

function base256(field: Buffer): number {
  const negative = (field[0]! & 0x40) !== 0;
  let value = negative ? -1n : 0n;
  value = (value << 7n) | BigInt(field[0]! & 0x7f);
  for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw new Malformed('a number that is too large');
  return result;
}
