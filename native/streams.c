#include "streams.h"
#include "fail.h"
#include <asm/ioctls.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int could_be_opened_anew(const struct stat *is) {
  return !S_ISFIFO(is->st_mode) && !S_ISSOCK(is->st_mode) && !S_ISCHR(is->st_mode);
}

/* 1 where `fd` is open on such a file. */
static int look(int fd, struct stat *is) {
  return fstat(fd, is) == 0 && could_be_opened_anew(is);
}

static void make_pipe(struct streams *streams, int fd) {
  int ends[2];
  const int step_reads = fd == STDIN_FILENO;
  if (pipe2(ends, O_CLOEXEC) < 0) fail("pipe", "", "");
  streams->step[fd] = ends[step_reads ? 0 : 1];
  streams->outside[fd] = ends[step_reads ? 1 : 0];
}

void open_streams(struct streams *streams, int has_terminal) {
  struct stat out, err;
  for (int fd = 0; fd < 3; fd++) streams->step[fd] = streams->outside[fd] = -1;
  if (has_terminal) return;
  if (look(STDIN_FILENO, &out)) make_pipe(streams, STDIN_FILENO);
  streams->input_start = lseek(STDIN_FILENO, 0, SEEK_CUR);
  const int has_out = look(STDOUT_FILENO, &out), has_err = look(STDERR_FILENO, &err);
  if (has_out) make_pipe(streams, STDOUT_FILENO);
  /* one pipe keeps the order of what goes into one file */
  if (has_out && has_err && out.st_dev == err.st_dev && out.st_ino == err.st_ino)
    streams->step[STDERR_FILENO] = streams->step[STDOUT_FILENO];
  else if (has_err) make_pipe(streams, STDERR_FILENO);
}

void use_streams(const struct streams *streams) {
  for (int fd = 0; fd < 3; fd++)
    if (streams->step[fd] >= 0 && dup2(streams->step[fd], fd) < 0) fail("duplicate", "", "");
}

void relay_streams(struct streams *streams, struct relay *relay) {
  for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
    if (streams->outside[fd] >= 0) {
      close(streams->step[fd]);
      relay_add(relay, streams->outside[fd], fd);
    }
  /* our copy of the reading end stays open: it tells what was not read */
  if (streams->outside[STDIN_FILENO] >= 0)
    relay_add(relay, STDIN_FILENO, streams->outside[STDIN_FILENO]);
}

void return_input(const struct streams *streams, const struct relay *relay) {
  int in_pipe = 0;
  if (streams->step[STDIN_FILENO] < 0 || streams->input_start < 0) return;
  const struct flow *flow = &relay->flows[relay->count - 1];
  const off_t now = lseek(STDIN_FILENO, 0, SEEK_CUR);
  if (now < 0 || ioctl(streams->step[STDIN_FILENO], FIONREAD, &in_pipe) < 0) return;
  const off_t unread = (off_t)(flow->end - flow->start) + in_pipe;
  /* a step can write into its pipe itself: never back to before it began */
  lseek(STDIN_FILENO, now - unread < streams->input_start ? streams->input_start : now - unread,
        SEEK_SET);
}
