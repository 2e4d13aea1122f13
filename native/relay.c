#include "relay.h"
#include "fail.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int is_ours(int fd) {
  return fd > STDERR_FILENO;
}

void relay_add(struct relay *relay, int from, int to) {
  struct flow *flow = &relay->flows[relay->count++];
  const int fds[] = {from, to};
  flow->from = from;
  flow->to = to;
  flow->start = flow->end = 0;
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
    if (is_ours(fds[i]) && fcntl(fds[i], F_SETFL, O_NONBLOCK) < 0) fail("relay", "", "");
}

static void give_up(int *fd) {
  if (is_ours(*fd)) close(*fd);
  *fd = -1;
}

/* Nobody is asked about a descriptor that nothing is wanted of: a hung-up one would answer always. */
void relay_events(const struct relay *relay, struct pollfd events[RELAY_EVENTS]) {
  for (int i = 0; i < RELAY_FLOWS; i++) {
    const struct flow *flow = &relay->flows[i];
    const int exists = i < relay->count;
    const int may_read = exists && flow->start == flow->end;
    events[2 * i] = (struct pollfd){may_read ? flow->from : -1, POLLIN, 0};
    events[2 * i + 1] = (struct pollfd){exists && !may_read ? flow->to : -1, POLLOUT, 0};
  }
}

static void interrupt(int number) {
  (void)number;
}

/*
 * What the caller gave is shared with the caller, so it may not be made non-blocking. A terminal
 * takes a part and waits with the rest: a timer that goes on until it is heard ends that.
 */
static ssize_t write_briefly(int fd, const char *bytes, size_t size) {
  static timer_t timer;
  static int has_timer;
  const struct timespec while_waiting = {0, 20 * 1000 * 1000};
  if (!has_timer) {
    struct sigaction action = {.sa_handler = interrupt};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    if (sigaction(SIGRTMIN, &action, NULL) < 0 || timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
      fail("make a timer", "", "");
    has_timer = 1;
  }
  timer_settime(timer, 0, &(struct itimerspec){while_waiting, while_waiting}, NULL);
  ssize_t written = write(fd, bytes, size);
  int saved = errno;
  timer_settime(timer, 0, &(struct itimerspec){0}, NULL);
  errno = saved;
  return written;
}

static int is_for_later(void) {
  return errno == EINTR || errno == EAGAIN;
}

static int take(struct flow *flow) {
  ssize_t size = read(flow->from, flow->bytes, sizeof flow->bytes);
  if (size < 0 && is_for_later()) return 0;
  if (size > 0) {
    flow->start = 0;
    flow->end = (size_t)size;
    return 1;
  }
  give_up(&flow->from);
  /* everything that came before is written already: now the reader sees the end, too */
  give_up(&flow->to);
  return 0;
}

static int pass_on(struct flow *flow) {
  const char *bytes = flow->bytes + flow->start;
  const size_t left = flow->end - flow->start;
  ssize_t size = is_ours(flow->to) ? write(flow->to, bytes, left)
                                   : write_briefly(flow->to, bytes, left);
  if (size < 0 && is_for_later()) return 0;
  if (size > 0) {
    flow->start += (size_t)size;
    return 1;
  }
  give_up(&flow->to);
  give_up(&flow->from);
  return 0;
}

int relay_move(struct relay *relay, const struct pollfd events[RELAY_EVENTS]) {
  int moved = 0;
  for (int i = 0; i < relay->count; i++) {
    struct flow *flow = &relay->flows[i];
    if (events[2 * i].revents && flow->from >= 0) moved |= take(flow);
    if (events[2 * i + 1].revents && flow->to >= 0) moved |= pass_on(flow);
  }
  return moved;
}

int relay_holds_output(const struct relay *relay) {
  for (int i = 0; i < relay->count; i++) {
    const struct flow *flow = &relay->flows[i];
    if (flow->to < 0 || is_ours(flow->to)) continue;
    if (flow->from >= 0 || flow->start < flow->end) return 1;
  }
  return 0;
}
