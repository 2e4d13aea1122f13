/** Ink's idea of a key, as ours. */
import type { Key as InkKey } from 'ink';
import type { Key } from './state/key.ts';

/** Nothing for what has no meaning here; text that was pasted loses its control characters. */
export function readKey(text: string, key: InkKey): Key[] {
  if (key.ctrl) return text === 'c' ? [named('interrupt')] : [];
  if (key.upArrow) return [named('up')];
  if (key.downArrow) return [named('down')];
  if (key.leftArrow) return [named('left')];
  if (key.rightArrow) return [named('right')];
  if (key.return) return [named('enter')];
  if (key.escape) return [named('escape')];
  if (key.tab) return [named('tab')];
  if (key.backspace || key.delete) return [named('backspace')];
  if (key.pageUp) return [named('pageup')];
  if (key.pageDown) return [named('pagedown')];
  if (key.meta) return [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the subject
  const harmless = text.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, '');
  return harmless === '' ? [] : [{ name: 'text', text: harmless }];
}

function named(name: Key['name']): Key {
  return { name, text: '' };
}
