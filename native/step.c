#include "step.h"
#include "commands.h"
#include "fail.h"
#include "filter.h"
#include "handlers.h"
#include "idmap.h"
#include "init.h"
#include "kernel.h"
#include "memory.h"
#include "missed.h"
#include "network.h"
#include "root.h"
#include "scope.h"
#include "socketcall.h"
#include "streams.h"
#include "terminal.h"
#include "watch.h"
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * One step in namespaces of its own. Its user namespace is a child of the builder's: it inherits
 * the builder's binfmt handlers and, without the file system they live in, cannot touch them.
 */

struct running {
  const struct step_options *step;
  const struct streams *streams;
  int slave;
  /* never given to the command: whoever can reach it can register more */
  int handlers;
  /* between the command and the init: what the filter asks */
  int questions[2];
  struct memory_watch memory;
  int counters;
};

static void take_terminal(int slave) {
  if (setsid() < 0) fail("setsid", "", "");
  if (slave < 0) return;
  if (ioctl(slave, TIOCSCTTY, 0) < 0) fail("take terminal", "", "");
  for (int fd = 0; fd < 3; fd++)
    if (dup2(slave, fd) < 0) fail("take terminal", "", "");
}

/* So that a step that is not root can open /dev/stdout; where it cannot be given, it still writes. */
static void give_streams(const struct running *running) {
  const struct identity *identity = &running->step->identity;
  for (int fd = 0; fd <= 2; fd++)
    if ((running->streams->step[fd] >= 0 || (running->step->own_output && fd > 0)) &&
        fchown(fd, identity->user, identity->group) < 0 && errno != EPERM && errno != EINVAL)
      fail("give output", "", "");
}

static void before_exec(void *data) {
  const struct running *running = data;
  const struct step_options *step = running->step;
  take_terminal(running->slave);
  give_streams(running);
  limit_capabilities();
  if (step->linux32 && personality(PER_LINUX32) < 0) fail("personality", "", "");
  give_questions(running->questions[1], install_filter(step->answer_syncs));
  become(&step->identity);
}

static int after_start(void *data) {
  const struct running *running = data;
  if (running->slave >= 0) close(running->slave);
  close(running->questions[1]);
  int questions = take_questions(running->questions[0]);
  close(running->questions[0]);
  keep_for_init();
  return questions;
}

static int check_memory(void *data) {
  struct running *running = data;
  int exceeded = 0, left = memory_check(&running->memory, &exceeded);
  if (!exceeded) return left;
  report_number("memory", running->step->memory);
  _exit(128 + SIGKILL); /* and the kernel kills the rest */
}

static void report_end(void *data, int status) {
  const struct running *running = data;
  if (status != 0 && missed_network(running->counters)) report_number("missed", 1);
  report_number("status", status);
}

/* The last change of folder, after every descriptor but the needed ones is gone. */
static void enter_directory(const char *directory) {
  char now[PATH_MAX];
  if (chdir(directory) < 0) fail("chdir", directory, "the working folder does not exist");
  if (!getcwd(now, sizeof now) || now[0] != '/')
    refuse("chdir", directory, "the working folder is outside the image");
}

/* Keeps 0–2, the report, the terminal and the handlers; everything else, inherited ones too, is closed. */
static void close_others(struct running *running) {
  int kept = 3;
  int *fds[] = {&report_fd, &running->slave, &running->handlers};
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
    if (*fds[i] < 0) continue;
    int high = fcntl(*fds[i], F_DUPFD_CLOEXEC, 6);
    if (high < 0) fail("duplicate", "", "");
    *fds[i] = high;
  }
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
    if (*fds[i] < 0) continue;
    if (dup3(*fds[i], kept, O_CLOEXEC) < 0) fail("duplicate", "", "");
    *fds[i] = kept++;
  }
  if (close_from((unsigned)kept) < 0) fail("close_range", "", "");
}

static _Noreturn void inside(struct step_options *step, const struct streams *streams, int socket) {
  char byte;
  struct running running = {step, streams, -1, -1, {-1, -1}, {0}, -1};
  int devpts = -1;
  if (recv(socket, &byte, 1, 0) != 1) _exit(EXIT_SETUP);
  if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) fail("become root inside", "", "");
  die_with_parent(socket);
  prctl(PR_SET_DUMPABLE, 0);
  /* a keyring of its own instead of the caller's; kernels without keys have none to leak */
  syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
  if (sethostname(step->hostname, strlen(step->hostname)) < 0) fail("sethostname", "", "");
  if (step->own_network) start_loopback();
  running.handlers = register_handlers(step);
  make_root(step, &devpts);
  if (step->terminal) running.slave = terminal_make(devpts, socket);
  limit_resources(step->processes);
  use_streams(streams);
  close_others(&running);
  enter_directory(step->directory);
  memory_open(&running.memory, step->memory);
  if (step->own_network) running.counters = open_network_counters();
  /* before the command starts: the sockets that are made for it are of the same scope */
  scope_abstract_sockets();
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, running.questions) < 0)
    fail("socketpair", "", "");
  char *program = step->program ? strdup(step->program) : NULL;
  char **command = hide_words(step->command, step->first_word, step->words_end);
  run_as_init(program ? program : command[0], command,
              &(struct command_hooks){before_exec, after_start, answer_question, check_memory, report_end, &running});
}

/* Copied here: a step's own mount namespace may not copy what is mounted in another one. */
static void open_binds(struct step_options *step) {
  for (int i = 0; i < step->bind_count; i++) {
    const struct bind *bind = &step->binds[i];
    int copy = clone_tree(AT_FDCWD, bind->source, 1);
    if (copy < 0) fail("bind", bind->source, "");
    if (bind->read_only && set_mount_attributes(copy, MK_ATTR_RDONLY, -1, 1) < 0)
      fail("bind read-only", bind->source, "");
    step->bind_fds[i] = copy;
  }
}

/* A helper such as pasta joins the new network namespace before the command starts. */
static void wait_until_ready(const struct step_options *step, pid_t child) {
  char byte;
  if (step->ready_fd < 0) return;
  report_number("pid", child);
  if (read(step->ready_fd, &byte, 1) != 1) {
    kill(child, SIGKILL);
    _exit(EXIT_SETUP);
  }
}

int step_command(int count, char **words) {
  static struct step_options step;
  static struct relay relay;
  static struct streams streams;
  int sockets[2];
  parse_step(&step, count, words);
  step.first_word = words[-2];
  step.words_end = words[count - 1] + strlen(words[count - 1]);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) fail("prctl", "", "");
  end_first();
  open_binds(&step);
  open_streams(&streams, step.terminal);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) fail("socketpair", "", "");
  sigset_t forwarded = block_signals();
  uint64_t flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                   CLONE_NEWCGROUP | (step.own_network ? CLONE_NEWNET : 0);
  pid_t child = clone_process(flags);
  if (child < 0) fail("make namespaces", "", "");
  if (child == 0) {
    close(sockets[0]);
    inside(&step, &streams, sockets[1]);
  }
  close(sockets[1]);
  close(step.root_fd);
  write_identity_maps(child);
  wait_until_ready(&step, child);
  if (send(sockets[0], "M", 1, MSG_NOSIGNAL) != 1) fail("start", "step", "");
  signal(SIGPIPE, SIG_IGN);
  struct terminal terminal = {.master = -1};
  if (step.terminal) terminal_open(&terminal, sockets[0], &relay);
  else relay_streams(&streams, &relay);
  const struct beside beside = {&relay, terminal.master >= 0 ? &terminal : NULL};
  int status = watch_child(child, &forwarded, step.time_limit, &beside);
  if (beside.terminal) terminal_close(beside.terminal);
  return_input(&streams, &relay);
  return status;
}
