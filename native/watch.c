#include "watch.h"
#include "fail.h"
#include "init.h"
#include <errno.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { exit_timed_out = 124, milliseconds = 1000 };

/* How long what is left may stand still once the end was asked for. */
static const long patience = milliseconds;

struct watch {
  pid_t child;
  int signals;
  const struct beside *beside;
  /* `told`: a signal that ends programs was passed on */
  int ended, status, timed_out, told;
  /* by the clock of `now`; -1: none */
  long deadline, last_move;
};

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * milliseconds + time.tv_nsec / 1000000;
}

static void pass_signals(struct watch *watch) {
  struct signalfd_siginfo signal;
  while (read(watch->signals, &signal, sizeof signal) == sizeof signal) {
    int number = (int)signal.ssi_signo;
    if (number == SIGWINCH && watch->beside->terminal) terminal_resize(watch->beside->terminal);
    if (number == SIGCHLD || number == SIGWINCH) continue;
    watch->told = 1;
    if (!watch->ended) kill(watch->child, number);
  }
}

static int is_impatient(const struct watch *watch) {
  return watch->ended && (watch->told || watch->timed_out);
}

/* Milliseconds until something is due by itself; -1: never. */
static int until_due(const struct watch *watch) {
  long due = watch->timed_out ? -1 : watch->deadline;
  if (is_impatient(watch)) due = watch->last_move + patience;
  if (due < 0) return -1;
  long left = due - now();
  const long longest = 1000000;
  return (int)(left < 0 ? 0 : left > longest ? longest : left);
}

static void wait_for_events(struct watch *watch) {
  struct pollfd events[1 + RELAY_EVENTS] = {{watch->signals, POLLIN, 0}};
  static const struct relay none;
  struct relay *relay = watch->beside->relay;
  relay_events(relay ? relay : &none, events + 1);
  int ready = poll(events, sizeof events / sizeof *events, until_due(watch));
  if (ready < 0 && errno != EINTR) fail("poll", "", "");
  if (ready > 0 && relay && relay_move(relay, events + 1)) watch->last_move = now();
}

static void check_time(struct watch *watch) {
  if (watch->deadline < 0 || watch->timed_out || now() < watch->deadline) return;
  watch->timed_out = 1;
  watch->last_move = now();
  if (!watch->ended) kill(watch->child, SIGKILL);
}

static int is_over(const struct watch *watch) {
  if (!watch->ended) return 0;
  if (!watch->beside->relay || !relay_holds_output(watch->beside->relay)) return 1;
  return is_impatient(watch) && now() - watch->last_move >= patience;
}

int watch_child(pid_t child, const sigset_t *forwarded, long limit, const struct beside *beside) {
  static const struct beside nothing;
  struct watch watch = {.child = child,
                        .signals = signalfd(-1, forwarded, SFD_CLOEXEC | SFD_NONBLOCK),
                        .beside = beside ? beside : &nothing,
                        .deadline = limit > 0 ? now() + limit * milliseconds : -1,
                        .last_move = now()};
  if (watch.signals < 0) fail("signalfd", "", "");
  do {
    wait_for_events(&watch);
    check_time(&watch);
    pass_signals(&watch);
    if (!watch.ended && reap(child, &watch.status)) {
      watch.ended = 1;
      watch.last_move = now();
    }
  } while (!is_over(&watch));
  if (watch.beside->relay && relay_holds_output(watch.beside->relay)) report_number("untaken", 1);
  if (watch.timed_out) report_number("timeout", limit);
  return watch.timed_out ? exit_timed_out : exit_status(watch.status);
}
