#include "socketcall.h"
#include "fail.h"
#include "filter.h"
#include "passfd.h"
#include "privilege.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Since Linux 5.9 and 5.14; not in the headers of every supported distribution. */
struct give_fd {
  uint64_t id;
  uint32_t flags, source, target, target_flags;
};
#define GIVE_FD _IOW('!', 3, struct give_fd)
enum { and_answer = 2 };

/* A later kernel may write more than this one's headers know. */
union question {
  struct seccomp_notif is;
  char room[512];
};

void give_questions(int socket, int listener) {
  if (listener < 0) return;
  if (send_fd(socket, listener) < 0) fail("hand over", "the filter's questions", "");
  close(listener);
}

int take_questions(int socket) {
  return receive_fd(socket);
}

static int is_still_asked(int listener, const struct seccomp_notif *question) {
  uint64_t id = question->id;
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static int read_memory(pid_t pid, uint64_t address, void *into, size_t size) {
  struct iovec here = {into, size}, there = {(void *)(uintptr_t)address, size};
  return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size ? 0 : -1;
}

/* The three words behind the pointer, as wide as the program's ABI has them. */
static int read_arguments(const struct seccomp_notif *question, int arguments[3]) {
  const pid_t pid = (pid_t)question->pid;
  const uint64_t address = question->data.args[1];
  uint64_t wide[3];
  if (question->data.arch == AUDIT_ARCH_I386)
    return read_memory(pid, (uint32_t)address, arguments, 3 * sizeof *arguments);
  if (read_memory(pid, address, wide, sizeof wide) < 0) return -1;
  for (int i = 0; i < 3; i++) arguments[i] = (int)wide[i];
  return 0;
}

static void refuse_socket(int listener, const struct seccomp_notif *question, int number) {
  struct seccomp_notif_resp answer = {.id = question->id, .error = -number};
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

static void give_socket(int listener, const struct seccomp_notif *question, const int arguments[3]) {
  /* raw and packet sockets are for whoever may have them: that is asked with its privilege */
  const int raw = lend_raw_sockets((pid_t)question->pid);
  int made = socket(arguments[0], arguments[1] | SOCK_CLOEXEC, arguments[2]), number = errno;
  if (raw) return_raw_sockets();
  if (made < 0) {
    refuse_socket(listener, question, number);
    return;
  }
  struct give_fd give = {.id = question->id, .flags = and_answer, .source = (uint32_t)made};
  if (arguments[1] & SOCK_CLOEXEC) give.target_flags = SOCK_CLOEXEC;
  if (ioctl(listener, GIVE_FD, &give) < 0 && errno != ENOENT)
    refuse_socket(listener, question, ENOSYS);
  close(made);
}

void answer_question(int listener) {
  union question question = {0};
  int arguments[3];
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question.is) < 0) return;
  if (read_arguments(&question.is, arguments) < 0) refuse_socket(listener, &question.is, EFAULT);
  /* else it may have been another process of that number */
  else if (is_still_asked(listener, &question.is)) {
    if (is_withheld_family(arguments[0])) refuse_socket(listener, &question.is, EPERM);
    else give_socket(listener, &question.is, arguments);
  }
}
