#include "commands.h"
#include <stdio.h>
#include <string.h>

int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "enter") == 0) return enter_command(count - 2, words + 2);
  if (count > 1 && strcmp(words[1], "step") == 0) return step_command(count - 2, words + 2);
  if (count > 1 && strcmp(words[1], "view") == 0) return view_command(count - 2, words + 2);
  if (count > 1 && strcmp(words[1], "follow") == 0) return follow_command(count - 2, words + 2);
  if (count > 1 && strcmp(words[1], "lock") == 0) return lock_command(count - 2, words + 2);
  fputs("usage: sandbox enter|step|view|follow|lock OPTIONS -- COMMAND…\n"
        "mpkit's helper that makes namespaces; see native/README.md\n",
        stderr);
  return 2;
}
