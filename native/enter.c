#include "commands.h"
#include "fail.h"
#include "idmap.h"
#include "init.h"
#include "kernel.h"
#include "lend.h"
#include "network.h"
#include "passfd.h"
#include "scope.h"
#include "watch.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The builder's namespace: one user, mount, pid and ipc namespace in which everything that
 * executes or unpacks runs. Its first process is this program, so that nothing survives it: when
 * the caller dies, in whatever way, it is killed, and with it all processes and mounts.
 */

#define MAX_LOANS 128
#define FIRST_KEPT_FD 100

struct enter_options {
  const char *how, *uid_map, *gid_map;
  /* where the places of loans are; loans are mounted outside and shifted if `shifted` */
  const char *places;
  int shifted;
  long parent;
  /* this program, opened while it may be read: inside, a file of mode 0700 is somebody else's */
  int self;
  struct loan loans[MAX_LOANS];
  int loan_count;
  char **command;
};

static void parse(struct enter_options *options, int count, char **words) {
  const int loan_words = 5;
  options->how = "single";
  for (int i = 0; i < count; i++) {
    const char *word = words[i], *value = i + 1 < count ? words[i + 1] : NULL;
    if (strcmp(word, "--") == 0) {
      options->command = words + i + 1;
      break;
    }
    if (strcmp(word, "--shifted") == 0) {
      options->shifted = 1;
      continue;
    }
    if (strcmp(word, "--lend") == 0) {
      if (count - i <= loan_words || options->loan_count == MAX_LOANS)
        refuse("arguments", word, "too few words or too many loans");
      options->loans[options->loan_count++] = parse_loan(words + i + 1);
      i += loan_words;
      continue;
    }
    if (!value) refuse("arguments", word, "a value is missing");
    i++;
    if (strcmp(word, "--report-fd") == 0) report_fd = take_fd(value);
    else if (strcmp(word, "--map") == 0) options->how = value;
    else if (strcmp(word, "--uids") == 0) options->uid_map = value;
    else if (strcmp(word, "--gids") == 0) options->gid_map = value;
    else if (strcmp(word, "--places") == 0) options->places = value;
    else if (strcmp(word, "--parent") == 0) options->parent = take_number(value, 1L << 30);
    else refuse("arguments", word, "unknown option");
  }
  if (!options->uid_map || !options->gid_map || !options->command || !options->command[0])
    refuse("arguments", "enter", "needs --uids, --gids and a command");
  if (options->loan_count > 0 && !options->places) refuse("arguments", "enter", "needs --places");
}

/* The steps run this program from a sealed copy in memory, which none of them can change. */
static void publish_sealed_self(int self) {
  struct stat is;
  if (fstat(self, &is) < 0) fail("open", "/proc/self/exe", "");
  /* since Linux 6.3, and in no older header */
  const unsigned executable = 0x10;
  int memory = (int)syscall(SYS_memfd_create, "mpkit-sandbox", MFD_ALLOW_SEALING | executable);
  if (memory < 0) memory = (int)syscall(SYS_memfd_create, "mpkit-sandbox", MFD_ALLOW_SEALING);
  if (memory < 0) fail("memfd_create", "mpkit-sandbox", "");
  for (off_t left = is.st_size; left > 0;) {
    ssize_t n = sendfile(memory, self, NULL, (size_t)left);
    if (n <= 0) fail("copy", "/proc/self/exe", "");
    left -= n;
  }
  if (fcntl(memory, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) fail("seal", "mpkit-sandbox", "");
  close(self);
  /* out of the way of what is passed to a step by number */
  int high = fcntl(memory, F_DUPFD, FIRST_KEPT_FD);
  if (high < 0) fail("duplicate", "mpkit-sandbox", "");
  close(memory);
  memory = high;
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
  setenv("MPKIT_SANDBOX", path, 1);
}

/* Mounts this namespace's own binfmt_misc; without one (Linux < 6.7) the host's handlers stay. */
static void mount_binfmt(void) {
  const char *place = "/proc/sys/fs/binfmt_misc";
  int own = mount("binfmt_misc", place, "binfmt_misc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0;
  setenv("MPKIT_BINFMT", own ? "private" : "host", 1);
}

/* `user_namespace`: the one whose ids loans are shifted to; -1 for none. */
static void attach_loans(const struct enter_options *options, int user_namespace) {
  if (options->loan_count == 0) return;
  /* all are opened before the first place hides what is below it */
  int mounts[MAX_LOANS];
  for (int i = 0; i < options->loan_count; i++) {
    int opened = open_loan(&options->loans[i]);
    mounts[i] = mount_loan(&options->loans[i], opened, user_namespace);
    close(opened);
  }
  int places = make_places(options->places);
  for (int i = 0; i < options->loan_count; i++) {
    attach_loan(places, i, mounts[i]);
    close(mounts[i]);
  }
  close_places(places);
}

/*
 * In a mount namespace that belongs to the caller's user namespace, of which the builder then makes
 * a copy: the kernel locks the attributes of what a copy for a lesser user namespace has, so that
 * not even the builder's root can make a read-only loan writable.
 */
static void attach_shifted(const struct enter_options *options, pid_t child) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/user", (int)child);
  int user_namespace = open(path, O_RDONLY | O_CLOEXEC);
  if (user_namespace < 0) fail("open", path, "");
  attach_loans(options, user_namespace);
  close(user_namespace);
}

/* What the caller happened to have open is nobody's business in there. */
static void close_inherited(void) {
  const int place = 3;
  if (report_fd >= 0 && report_fd != place) {
    if (dup3(report_fd, place, O_CLOEXEC) < 0) fail("duplicate", "", "");
    report_fd = place;
  }
  if (close_from(report_fd < 0 ? place : place + 1) < 0) fail("close_range", "", "");
}

static _Noreturn void builder(const struct enter_options *options, int socket) {
  char byte;
  prctl(PR_SET_NAME, "mpkit-init");
  if (recv(socket, &byte, 1, 0) != 1) _exit(EXIT_SETUP);
  if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) fail("become root inside", "", "");
  die_with_parent(socket);
  if (options->shifted && unshare(CLONE_NEWNS) < 0) fail("make a mount namespace", "", "");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    fail("mount private", "/",
         errno == EACCES ? "a security module forbids mounts here; Docker: --security-opt apparmor=unconfined"
                         : "");
  /* a mount that an ordinary user's loan needs can be made only in here */
  if (!options->shifted) attach_loans(options, -1);
  if (strcmp(options->how, "direct") == 0) {
    int tun = receive_fd(socket);
    if (tun >= 0) attach_tun(tun);
    if (tun >= 0) close(tun);
  }
  /* The old one shows the outer processes, and ids of ours that are others' there. */
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
    fail("mount proc", "/proc", "");
  mount_binfmt();
  setenv("MPKIT_SCOPES", can_scope_abstract_sockets() ? "abstract" : "", 1);
  publish_sealed_self(options->self);
  if (chdir("/") < 0) fail("chdir", "/", "");
  run_as_init(options->command[0], options->command, NULL);
}

/* A byte without a descriptor where there is none to lend. */
static void lend_tun(int socket, const struct enter_options *options) {
  long inside, owner, group;
  if (sscanf(options->uid_map, "%ld %ld", &inside, &owner) != 2 ||
      sscanf(options->gid_map, "%ld %ld", &inside, &group) != 2)
    owner = 0, group = 0;
  int tun = own_tun((uid_t)owner, (gid_t)group);
  if (tun >= 0 ? send_fd(socket, tun) < 0 : send(socket, "-", 1, MSG_NOSIGNAL) != 1)
    fail("lend", "/dev/net/tun", "");
  if (tun >= 0) close(tun);
}

/* Whatever is mounted from now on is nobody else's; 0 where the caller may not mount. */
static int leave_mounts(void) {
  return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/*
 * Where parts of /proc are masked, as in containers, the kernel gives a user namespace none of its
 * own. Who could take the masks away (CAP_SYS_ADMIN) has one without in a mount namespace of its own,
 * and the builder's ids see no more of it than on any host. Others are refused when the builder tries.
 */
static void show_whole_proc(void) {
  mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

int enter_command(int count, char **words) {
  static struct enter_options options;
  int sockets[2];
  parse(&options, count, words);
  close_inherited();
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) fail("prctl", "", "");
  /* it may have died before it could be asked for the signal */
  if (options.parent && getppid() != options.parent) return EXIT_SETUP;
  options.self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (options.self < 0) fail("open", "/proc/self/exe", "");
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) fail("socketpair", "", "");
  sigset_t forwarded = block_signals();
  if (leave_mounts()) show_whole_proc();
  else if (options.shifted) fail("make a mount namespace", "", "");
  uint64_t mounts = options.shifted ? 0 : CLONE_NEWNS;
  pid_t child = clone_process(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | mounts);
  if (child < 0)
    fail("make a user namespace", "",
         errno == ENOSPC || errno == EPERM
             ? "this host does not let this user make user namespaces"
             : "");
  if (child == 0) {
    close(sockets[0]);
    builder(&options, sockets[1]);
  }
  close(sockets[1]);
  write_id_maps(child, options.how, options.uid_map, options.gid_map);
  if (options.shifted) attach_shifted(&options, child);
  if (send(sockets[0], "M", 1, MSG_NOSIGNAL) != 1) fail("start", "builder", "");
  if (strcmp(options.how, "direct") == 0) lend_tun(sockets[0], &options);
  return watch_child(child, &forwarded, 0, NULL);
}
