/*
 * What the filter answers, found by running its rules here instead of in a kernel. The rules about
 * arguments are judged here; `dump` prints `ARCH NUMBER ANSWER` of every call for whoever judges those.
 */
#include "filter.h"
#include "expect.h"
#include <asm/ioctls.h>
#include <asm/unistd.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>

enum { calls = 1024, families = 64 };

static const unsigned allow = SECCOMP_RET_ALLOW, eperm = SECCOMP_RET_ERRNO | EPERM,
                      enosys = SECCOMP_RET_ERRNO | ENOSYS;
static struct sock_fprog program;

static unsigned jump(const struct sock_filter *rule, unsigned a) {
  int holds = 0;
  switch (BPF_OP(rule->code)) {
    case BPF_JA: return rule->k;
    case BPF_JEQ: holds = a == rule->k; break;
    case BPF_JGT: holds = a > rule->k; break;
    case BPF_JGE: holds = a >= rule->k; break;
    case BPF_JSET: holds = (a & rule->k) != 0; break;
    default: EXPECT(!"an operation that is known");
  }
  return holds ? rule->jt : rule->jf;
}

static unsigned answer(const struct seccomp_data *data) {
  unsigned a = 0;
  for (unsigned at = 0; at < program.len; at++) {
    const struct sock_filter *rule = &program.filter[at];
    switch (BPF_CLASS(rule->code)) {
      case BPF_LD:
        EXPECT(rule->k % 4 == 0 && rule->k + 4 <= sizeof *data);
        memcpy(&a, (const char *)data + rule->k, sizeof a);
        break;
      case BPF_JMP: at += jump(rule, a); break;
      case BPF_RET: return rule->k;
      default: EXPECT(!"a class that is known");
    }
  }
  EXPECT(!"an end within the program");
  return 0;
}

static unsigned ask(unsigned arch, int number, uint64_t first, uint64_t second) {
  const struct seccomp_data data = {.nr = number, .arch = arch, .args = {first, second}};
  return answer(&data);
}

/* What lies above the 32 bits that the kernel looks at must not change an answer. */
static const uint64_t high_bits[] = {0, 1ULL << 32, 0xdeadbeefULL << 32};

static void try_abi(const struct abi *abi) {
  const unsigned arch = abi->audit_arch;
  for (size_t i = 0; i < sizeof high_bits / sizeof *high_bits; i++) {
    const uint64_t high = high_bits[i];
    for (uint64_t family = 0; abi->socket >= 0 && family < families; family++)
      EXPECT(ask(arch, abi->socket, high | family, SOCK_STREAM) ==
             (family == AF_ALG || family == AF_VSOCK ? eperm : allow));
    for (unsigned bit = 8; bit < 32; bit++) {
      const unsigned flag = 1U << bit, namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                            CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
#ifdef __s390x__
      EXPECT(ask(arch, abi->clone, 0, high | flag) == (flag & namespaces ? eperm : allow));
#else
      EXPECT(ask(arch, abi->clone, high | flag, 0) == (flag & namespaces ? eperm : allow));
#endif
    }
    EXPECT(ask(arch, abi->ioctl, 0, high | TIOCSTI) == eperm);
    EXPECT(ask(arch, abi->ioctl, 0, high | TIOCLINUX) == eperm);
    EXPECT(ask(arch, abi->ioctl, 0, high | TIOCGWINSZ) == allow);
    EXPECT(ask(arch, abi->personality, high | PER_LINUX32, 0) == allow);
    EXPECT(ask(arch, abi->personality, high | ADDR_NO_RANDOMIZE, 0) == eperm);
    EXPECT(ask(arch, abi->personality, high | 0xffffffff, 0) == allow);
  }
  for (int call = SYS_SOCKET; abi->socketcall >= 0 && call <= SYS_SENDMMSG; call++)
    EXPECT(ask(arch, abi->socketcall, (uint64_t)call, 0) ==
           (call == SYS_SOCKET ? SECCOMP_RET_USER_NOTIF : allow));
  for (const int *number = abi->syncs; *number >= 0; number++)
    EXPECT(ask(arch, *number, 0, 0) == allow);
}

static void dump(const char *name, unsigned arch, int first) {
  for (int number = 0; number < calls; number++) {
    const unsigned is = ask(arch, first + number, 0, 0);
    const char *word = is == allow ? "allow" : is == eperm ? "EPERM" : is == enosys ? "ENOSYS" : "asks";
    printf("%s %d %s\n", name, number, word);
  }
}

extern const struct abi native_abi;

int main(int count, char **words) {
  program = make_filter(0, 1);
  if (count > 1 && strcmp(words[1], "dump") == 0) {
    dump("native", native_abi.audit_arch, 0);
#ifdef __x86_64__
    dump("i386", AUDIT_ARCH_I386, 0);
    dump("x32", AUDIT_ARCH_X86_64, __X32_SYSCALL_BIT);
#endif
    dump("foreign", AUDIT_ARCH_MIPS, 0);
    return 0;
  }
  try_abi(&native_abi);
#ifdef __x86_64__
  try_abi(&i386_abi);
  program = make_filter(0, 0);
  EXPECT(ask(AUDIT_ARCH_I386, i386_abi.socketcall, SYS_SOCKET, 0) == enosys);
#endif
  program = make_filter(1, 1);
  for (const int *number = native_abi.syncs; *number >= 0; number++)
    EXPECT(ask(native_abi.audit_arch, *number, 0, 0) == (SECCOMP_RET_ERRNO | 0));
  return 0;
}
