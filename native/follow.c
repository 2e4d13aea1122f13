#include "commands.h"
#include "fail.h"
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* `--parent PID -- COMMAND…`: a command that gets a hang-up when its parent is gone, killed too. */
int follow_command(int count, char **words) {
  if (count < 4 || strcmp(words[0], "--parent") != 0 || strcmp(words[2], "--") != 0)
    refuse("arguments", "follow", "needs --parent and a command");
  pid_t parent = (pid_t)take_number(words[1], INT_MAX);
  if (prctl(PR_SET_PDEATHSIG, SIGHUP) < 0) fail("prctl", "", "");
  /* it may have died before it could be asked for the signal */
  if (getppid() != parent) return EXIT_SETUP;
  execv(words[3], words + 3);
  fail("exec", words[3], "");
}
