/** Output for programs: what is not known is `null`, never left out. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, (_, each) => (each === undefined ? null : each), 2)}\n`;
}
