#include "handlers.h"
#include "fail.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int register_handlers(const struct step_options *step) {
  if (step->handler_count == 0) return -1;
  int instance = new_mount("binfmt_misc", MK_ATTR_NOSUID | MK_ATTR_NODEV | MK_ATTR_NOEXEC, NULL);
  if (instance < 0) fail("mount binfmt_misc", "", "");
  for (int i = 0; i < step->handler_count; i++) {
    const char *entry = step->handlers[i];
    int fd = openat(instance, "register", O_WRONLY | O_CLOEXEC);
    if (fd < 0) fail("register handler", "", "");
    ssize_t written = write(fd, entry, strlen(entry));
    if (written >= 0 && (size_t)written != strlen(entry)) errno = EIO;
    if (written < 0 || (size_t)written != strlen(entry)) fail("register handler", "", "");
    close(fd);
  }
  return instance;
}
