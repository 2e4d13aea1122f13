#include "filter.h"
#include "fail.h"
#include <asm/ioctls.h>
#include <asm/unistd.h>
#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ABI_ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define ABI_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define ABI_ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ABI_ARCH AUDIT_ARCH_ARM
#elif defined(__riscv)
#define ABI_ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__)
#define ABI_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ABI_ARCH AUDIT_ARCH_S390X
#elif defined(__loongarch64)
#define ABI_ARCH AUDIT_ARCH_LOONGARCH64
#else
#error "no system-call filter for this CPU yet"
#endif

static const int allowed_numbers[] = {
#include "allowed.inc"
};
#define ABI_NAME native_abi
extern const struct abi native_abi;
#include "filter_abi.h"

#define MAX_RULES 4000
static struct sock_filter rules[MAX_RULES];
static unsigned short rule_count;

static void add(struct sock_filter rule) {
  if (rule_count >= MAX_RULES) refuse("seccomp", "", "the filter is too long");
  rules[rule_count++] = rule;
}

static void load(size_t offset) {
  add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static void answer(unsigned action) {
  add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void answer_errno(int number) {
  answer(SECCOMP_RET_ERRNO | (unsigned)number);
}

/* `if (A == value) return action` */
static void when(unsigned value, unsigned action) {
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
  answer(action);
}

/* Starts `if (A == number) { … }`; `end_block` closes it. A block must end in an answer. */
static unsigned short begin_block(int number) {
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 0));
  return rule_count;
}

static void end_block(unsigned short start) {
  int distance = rule_count - start;
  if (distance > UCHAR_MAX) refuse("seccomp", "", "a block of the filter is too long for its jump");
  rules[start - 1].jf = (unsigned char)distance;
}

/* Only the low 32 bits of an argument: that is all the kernel looks at for these calls. */
static void load_argument(int index) {
  size_t low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4;
  load(offsetof(struct seccomp_data, args) + (size_t)index * 8 + low);
}

/* No new namespaces of any kind, whichever privilege the step has in its own. */
static void add_clone(const struct abi *abi) {
  const unsigned namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                              CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  unsigned short block = begin_block(abi->clone);
#ifdef __s390x__
  load_argument(1);
#else
  load_argument(0);
#endif
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, namespaces, 0, 1));
  answer_errno(EPERM);
  answer(SECCOMP_RET_ALLOW);
  end_block(block);
}

/* Two requests type into the terminal. */
static void add_ioctl(const struct abi *abi) {
  unsigned short block = begin_block(abi->ioctl);
  load_argument(1);
  when(TIOCSTI, SECCOMP_RET_ERRNO | EPERM);
  when(TIOCLINUX, SECCOMP_RET_ERRNO | EPERM);
  answer(SECCOMP_RET_ALLOW);
  end_block(block);
}

static void add_personality(const struct abi *abi) {
  const unsigned ask = 0xffffffff;
  const unsigned allowed[] = {PER_LINUX, PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26, ask};
  unsigned short block = begin_block(abi->personality);
  load_argument(0);
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
    when(allowed[i], SECCOMP_RET_ALLOW);
  answer_errno(EPERM);
  end_block(block);
}

/* AF_ALG reaches the page cache of files that may only be read, AF_VSOCK the host of a machine. */
static const int withheld_families[] = {AF_ALG, AF_VSOCK};
static const size_t withheld_count = sizeof withheld_families / sizeof *withheld_families;

int is_withheld_family(int family) {
  for (size_t i = 0; i < withheld_count; i++)
    if (withheld_families[i] == family) return 1;
  return 0;
}

static void add_socket(const struct abi *abi) {
  if (abi->socket < 0) return;
  unsigned short block = begin_block(abi->socket);
  load_argument(0);
  for (size_t i = 0; i < withheld_count; i++)
    when((unsigned)withheld_families[i], SECCOMP_RET_ERRNO | EPERM);
  answer(SECCOMP_RET_ALLOW);
  end_block(block);
}

/* Its second argument points to the family. */
static void add_socketcall(const struct abi *abi, int asks) {
  if (abi->socketcall < 0) return;
  unsigned short block = begin_block(abi->socketcall);
  load_argument(0);
  when(SYS_SOCKET, asks ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ERRNO | ENOSYS);
  answer(SECCOMP_RET_ALLOW);
  end_block(block);
}

static void add_conditions(const struct abi *abi, int asks) {
  add_clone(abi);
  add_ioctl(abi);
  add_personality(abi);
  add_socket(abi);
  add_socketcall(abi, asks);
}

static void add_abi(const struct abi *abi, int answer_syncs, int asks) {
  load(offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
  if (abi == &native_abi) {
    /* x32 numbers have a bit of their own */
    add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, __X32_SYSCALL_BIT, 0, 1));
    answer_errno(ENOSYS);
  }
#endif
  for (const int *number = abi->unsupported; *number >= 0; number++)
    when((unsigned)*number, SECCOMP_RET_ERRNO | ENOSYS);
  if (answer_syncs)
    for (const int *number = abi->syncs; *number >= 0; number++)
      when((unsigned)*number, SECCOMP_RET_ERRNO | 0);
  add_conditions(abi, asks);
  for (size_t i = 0; i < abi->allowed_count; i++)
    when((unsigned)abi->allowed[i], SECCOMP_RET_ALLOW);
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (unsigned)abi->highest, 0, 1));
  answer_errno(ENOSYS);
  answer_errno(EPERM);
}

/* `if (arch == abi) { … }` over more rules than one conditional jump can skip. */
static void add_guarded_abi(const struct abi *abi, int answer_syncs, int asks) {
  load(offsetof(struct seccomp_data, arch));
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, abi->audit_arch, 1, 0));
  unsigned short skip = rule_count;
  add((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
  add_abi(abi, answer_syncs, asks);
  rules[skip].k = (unsigned)(rule_count - skip - 1);
}

struct sock_fprog make_filter(int answer_syncs, int asks) {
  rule_count = 0;
  add_guarded_abi(&native_abi, answer_syncs, asks);
#ifdef __x86_64__
  add_guarded_abi(&i386_abi, answer_syncs, asks);
#endif
  answer_errno(ENOSYS);
  return (struct sock_fprog){rule_count, rules};
}

static int has_socketcall(void) {
#ifdef __x86_64__
  return 1;
#else
  return native_abi.socketcall >= 0;
#endif
}

int install_filter(int answer_syncs) {
  struct sock_fprog program = make_filter(answer_syncs, 1);
  if (has_socketcall()) {
    int listener = (int)syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
                                SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener >= 0) return listener;
    /* EBUSY: somebody above us asks already, and the kernel has one who asks */
    program = make_filter(answer_syncs, 0);
  }
  if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
    fail("seccomp", "", "this kernel does not let the step be filtered");
  return -1;
}
