/* Words to options of a step: `options WORD…` ends as the sandbox would, and prints what it read. */
#include "fail.h"
#include "step.h"
#include <stdio.h>

int main(int count, char **words) {
  static struct step_options step;
  parse_step(&step, count - 1, words + 1);
  printf("attach=%s user=%u group=%u groups=%d:", step.attach, step.identity.user,
         step.identity.group, step.identity.group_count);
  for (int i = 0; i < step.identity.group_count; i++) printf("%u,", step.identity.groups[i]);
  printf(" files=%d binds=%d", step.file_count, step.bind_count);
  for (int i = 0; i < step.bind_count; i++)
    printf(":%s>%s%s", step.binds[i].source, step.binds[i].target, step.binds[i].read_only ? "!" : "");
  printf(" limit=%ld memory=%ld terminal=%d command=%s\n", step.time_limit, step.memory, step.terminal,
         step.command[0]);
  return 0;
}
