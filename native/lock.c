#include "commands.h"
#include "fail.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

/*
 * `shared|exclusive FD`: waits until the open file is locked. The lock belongs to the open file, so
 * it is the caller's who gave it, and stays when this process has ended.
 */
int lock_command(int count, char **words) {
  if (count != 2) refuse("arguments", "lock", "needs shared or exclusive, and a descriptor");
  int is_shared = strcmp(words[0], "shared") == 0;
  if (!is_shared && strcmp(words[0], "exclusive") != 0)
    refuse("arguments", words[0], "expected shared or exclusive");
  int fd = take_fd(words[1]);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) fail("prctl", "", "");
  while (flock(fd, is_shared ? LOCK_SH : LOCK_EX) < 0)
    if (errno != EINTR) fail("lock", words[1], "");
  return 0;
}
