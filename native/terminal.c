#include "terminal.h"
#include "fail.h"
#include "passfd.h"
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

int terminal_make(int devpts, int socket) {
  int unlocked = 0;
  int master = openat(devpts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0) fail("open terminal", "/dev/pts/ptmx", "");
  if (ioctl(master, TIOCSPTLCK, &unlocked) < 0) fail("unlock terminal", "/dev/pts/ptmx", "");
  int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) fail("open terminal", "/dev/pts", "");
  if (send_fd(socket, master) < 0) fail("send terminal", "", "");
  close(master);
  return slave;
}

static int copy_of(int fd) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (copy < 0) fail("duplicate", "", "");
  return copy;
}

void terminal_open(struct terminal *terminal, int socket, struct relay *relay) {
  terminal->master = receive_fd(socket);
  if (terminal->master < 0) return;
  terminal_resize(terminal);
  tcgetattr(STDIN_FILENO, &terminal->before);
  struct termios raw = terminal->before;
  cfmakeraw(&raw);
  /* never TCSADRAIN: where nobody reads the terminal, that would wait */
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  relay_add(relay, copy_of(terminal->master), STDOUT_FILENO);
  relay_add(relay, STDIN_FILENO, copy_of(terminal->master));
}

void terminal_resize(const struct terminal *terminal) {
  struct winsize size;
  if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) ioctl(terminal->master, TIOCSWINSZ, &size);
}

void terminal_close(const struct terminal *terminal) {
  tcsetattr(STDIN_FILENO, TCSANOW, &terminal->before);
}
