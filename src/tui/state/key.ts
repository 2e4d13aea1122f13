/** What was pressed, without a terminal's bytes. */
export interface Key {
  name:
    | 'up'
    | 'down'
    | 'left'
    | 'right'
    | 'enter'
    | 'escape'
    | 'tab'
    | 'backspace'
    | 'erase'
    | 'pageup'
    | 'pagedown'
    | 'interrupt'
    | 'text';
  /** Of `text` only: one character. */
  text: string;
}

/** A list's new cursor, or undefined where the key does not move one. */
export function moveCursor(cursor: number, { name }: Key, count: number): number | undefined {
  const steps = { up: -1, down: 1, pageup: -10, pagedown: 10 } as const;
  if (!(name in steps)) return undefined;
  const moved = cursor + steps[name as keyof typeof steps];
  return Math.max(0, Math.min(count - 1, moved));
}
