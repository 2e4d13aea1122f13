/** What the screen is for, each key, and where the same is as a plain command. */
import { Box, Text } from 'ink';
import { cleanLine } from '../clean.ts';
import { keyWord } from '../signs.ts';
import type { AppState, ScreenName } from '../state/app.ts';
import { globalKeys, keyCommands, keysOf } from '../state/keys.ts';
import { useTheme } from '../theme.ts';

const purposes: Record<ScreenName, string> = {
  host: 'What this machine can run, why not more, and what to do about it; the handlers that the kernel asks for foreign programs.',
  emulators: 'The emulators that mpkit keeps and uses: where they came from, and their speed.',
  bench: 'How many times slower than natively each CPU runs here.',
  build: 'Builds images for several platforms at once and shows every step of each of them.',
  results: 'The images that were built here: layers, configuration, history; and a shell in each.',
};

export function HelpScreen({ state }: { state: AppState }) {
  const signs = useTheme();
  const commands = keyCommands(state);
  const width = commands.size > 0 ? 8 : 18;
  return (
    <Box flexDirection="column" flexShrink={0}>
      <Text>{purposes[state.screen]}</Text>
      <Text> </Text>
      {[...keysOf(state), ...globalKeys].map(([key, meaning, inFull = meaning]) => {
        const command = commands.get(key);
        const text = `  ${keyWord(key, signs).padEnd(width)} ${inFull}`;
        return (
          <Text key={`${key} ${meaning}`}>
            {command === undefined ? text : `${text.padEnd(30)} $ ${cleanLine(command, false)}`}
          </Text>
        );
      })}
      <Text> </Text>
      <Text>The line that begins with $ is the plain command that does the same.</Text>
    </Box>
  );
}
