#include "init.h"
#include "execute.h"
#include "fail.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};

sigset_t block_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) sigaddset(&set, passed_on[i]);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGWINCH);
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) fail("sigprocmask", "", "");
  return set;
}

void die_with_parent(int socket) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) fail("prctl", "", "");
  struct pollfd parent = {socket, 0, 0};
  if (poll(&parent, 1, 0) > 0 && parent.revents & (POLLHUP | POLLERR)) _exit(EXIT_SETUP);
}

char **hide_words(char **command, char *first, const char *end) {
  static const char name[] = "mpkit-step";
  int count = 0;
  while (command[count]) count++;
  char **copy = calloc((size_t)count + 1, sizeof *copy);
  for (int i = 0; copy && i < count; i++)
    if (!(copy[i] = strdup(command[i]))) copy = NULL;
  if (!copy) fail("copy", "command", "");
  memset(first, 0, (size_t)(end - first));
  strcpy(first, name);
  prctl(PR_SET_NAME, name);
  return copy;
}

static void default_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static pid_t start(const char *program, char **command, const struct command_hooks *hooks) {
  pid_t child = fork();
  if (child < 0) fail("fork", program, "");
  if (child > 0) return child;
  default_signals();
  if (hooks) hooks->before_exec(hooks->data);
  execute(program, command);
  fail("exec", program, "");
}

/* Ctrl-C of a terminal reaches the whole foreground group by itself: only others are passed on. */
static int came_from_terminal(const struct signalfd_siginfo *signal) {
  return signal->ssi_code == SI_KERNEL;
}

int reap(pid_t child, int *status) {
  int found = 0, state;
  for (pid_t pid; (pid = waitpid(-1, &state, WNOHANG)) > 0;)
    if (pid == child) {
      *status = state;
      found = 1;
    }
  return found;
}

int exit_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void pass_signal(int signals, pid_t child) {
  struct signalfd_siginfo signal;
  if (read(signals, &signal, sizeof signal) != sizeof signal) return;
  int number = (int)signal.ssi_signo;
  if (number != SIGCHLD && number != SIGWINCH && !came_from_terminal(&signal)) kill(child, number);
}

void run_as_init(const char *program, char **command, const struct command_hooks *hooks) {
  sigset_t set = block_signals();
  int signals = signalfd(-1, &set, SFD_CLOEXEC), status;
  if (signals < 0) fail("signalfd", "", "");
  pid_t child = start(program, command, hooks);
  int questions = hooks ? hooks->after_start(hooks->data) : -1;
  while (!reap(child, &status)) {
    struct pollfd events[] = {{signals, POLLIN, 0}, {questions, POLLIN, 0}};
    int left = hooks ? hooks->check(hooks->data) : -1;
    if (poll(events, sizeof events / sizeof *events, left) < 0) continue;
    if (events[0].revents) pass_signal(signals, child);
    if (events[1].revents & POLLIN) hooks->on_question(questions);
    /* nobody is left who could ask */
    else if (events[1].revents) questions = -1;
  }
  if (hooks) hooks->ended(hooks->data, status);
  _exit(exit_status(status));
}
