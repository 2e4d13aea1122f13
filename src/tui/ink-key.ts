/** Ink's idea of a key, as ours. */
import type { Key as InkKey } from 'ink';
import type { Key } from './state/key.ts';

/**
 * Nothing for what has no meaning here. What was typed fast or pasted comes as one text, with the
 * keys that are single bytes among it.
 */
export function readKey(text: string, key: InkKey): Key[] {
  if (key.ctrl) return text === 'c' ? [named('interrupt')] : text === 'u' ? [named('erase')] : [];
  const name = keyNames.find(([flag]) => key[flag])?.[1];
  if (name) return [named(name)];
  if (key.meta) return [];
  return [...text].flatMap((char) => {
    const byte = byteNames.get(char);
    if (byte) return [named(byte)];
    return isControl(char) ? [] : [{ name: 'text' as const, text: char }];
  });
}

const keyNames: [keyof InkKey, Key['name']][] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['tab', 'tab'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
];

const byteNames = new Map<string, Key['name']>([
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\t', 'tab'],
  ['\b', 'backspace'],
  ['\u007f', 'backspace'],
  ['\u0003', 'interrupt'],
  ['\u0015', 'erase'],
]);

function isControl(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

function named(name: Key['name']): Key {
  return { name, text: '' };
}
