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

void terminal_open(struct terminal *terminal, int socket) {
  terminal->master = receive_fd(socket);
  if (terminal->master < 0) return;
  terminal->input_open = 1;
  terminal_resize(terminal);
  tcgetattr(0, &terminal->before);
  struct termios raw = terminal->before;
  cfmakeraw(&raw);
  tcsetattr(0, TCSADRAIN, &raw);
}

void terminal_resize(const struct terminal *terminal) {
  struct winsize size;
  if (ioctl(0, TIOCGWINSZ, &size) == 0) ioctl(terminal->master, TIOCSWINSZ, &size);
}

void terminal_events(const struct terminal *terminal, struct pollfd events[2]) {
  events[0] = (struct pollfd){terminal->master, POLLIN, 0};
  events[1] = (struct pollfd){terminal->input_open ? 0 : -1, POLLIN, 0};
}

/* 0 at the end of input or on an error. */
static int copy(int from, int to) {
  char bytes[16384];
  ssize_t size = read(from, bytes, sizeof bytes);
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return 1;
  if (size <= 0) return 0;
  for (ssize_t done = 0; done < size;) {
    ssize_t n = write(to, bytes + done, (size_t)(size - done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return 0;
    done += n;
  }
  return 1;
}

void terminal_relay(struct terminal *terminal, const struct pollfd events[2]) {
  if (terminal->master >= 0 && events[0].revents && !copy(terminal->master, 1)) {
    close(terminal->master);
    terminal->master = -1;
  }
  if (events[1].revents && (terminal->master < 0 || !copy(0, terminal->master)))
    terminal->input_open = 0;
}

void terminal_close(struct terminal *terminal) {
  if (terminal->input_open || terminal->master >= 0) {
    if (terminal->master >= 0) {
      fcntl(terminal->master, F_SETFL, O_NONBLOCK);
      for (struct pollfd last = {terminal->master, POLLIN, 0};
           poll(&last, 1, 0) > 0 && last.revents & POLLIN && copy(terminal->master, 1);) continue;
    }
  }
  tcsetattr(0, TCSADRAIN, &terminal->before);
}
