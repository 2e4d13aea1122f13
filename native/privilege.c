#include "privilege.h"
#include "fail.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int kept[] = {
    CAP_CHOWN,       CAP_DAC_OVERRIDE,     CAP_FOWNER,  CAP_FSETID,     CAP_KILL,
    CAP_SETGID,      CAP_SETUID,           CAP_SETPCAP, CAP_SETFCAP,    CAP_NET_RAW,
    CAP_SYS_CHROOT,  CAP_NET_BIND_SERVICE, CAP_MKNOD,   CAP_AUDIT_WRITE};

static uint64_t kept_mask(void) {
  uint64_t mask = 0;
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) mask |= (uint64_t)1 << kept[i];
  return mask;
}

static void call_capset(uint64_t effective, uint64_t permitted) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {
      {(uint32_t)effective, (uint32_t)permitted, 0},
      {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), 0}};
  if (syscall(SYS_capset, &header, data) < 0) fail("set capabilities", "", "");
}

static void set_capabilities(uint64_t mask) {
  call_capset(mask, mask);
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
    fail("clear capabilities", "", "");
}

void limit_capabilities(void) {
  uint64_t mask = kept_mask();
  for (int capability = 0; capability < 64; capability++) {
    if (mask >> capability & 1) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break; /* the kernel knows no more */
    fail("limit capabilities", "", "");
  }
}

void become(const struct identity *identity) {
  const char *unmapped = "this id is not mapped: without a subordinate id range only user 0 exists "
                         "(install the package uidmap)";
  /* EPERM: a single-id namespace has setgroups switched off and no groups to drop */
  if (setgroups((size_t)identity->group_count, identity->groups) < 0 &&
      !(errno == EPERM && identity->group == 0))
    fail("set groups", "", unmapped);
  if (setresgid(identity->group, identity->group, identity->group) < 0)
    fail("set group", "", unmapped);
  if (setresuid(identity->user, identity->user, identity->user) < 0) fail("set user", "", unmapped);
  set_capabilities(identity->user == 0 ? kept_mask() : 0);
}

/*
 * CAP_SYS_PTRACE: to read what the command points to, whoever it has become. CAP_DAC_READ_SEARCH: to
 * see the descriptors of processes that are not root's.
 */
static const uint64_t init_mask = (uint64_t)1 << CAP_KILL | (uint64_t)1 << CAP_SYS_PTRACE |
                                  (uint64_t)1 << CAP_DAC_READ_SEARCH;
static const uint64_t raw_mask = (uint64_t)1 << CAP_NET_RAW;

void keep_for_init(void) {
  set_capabilities(init_mask | raw_mask);
  return_raw_sockets();
}

int lend_raw_sockets(pid_t pid) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, pid};
  struct __user_cap_data_struct data[2] = {0};
  if (syscall(SYS_capget, &header, data) < 0 || !(data[0].effective & raw_mask)) return 0;
  call_capset(init_mask | raw_mask, init_mask | raw_mask);
  return 1;
}

void return_raw_sockets(void) {
  call_capset(init_mask, init_mask | raw_mask);
}

void limit_resources(long processes) {
  struct rlimit none = {0, 0}, most = {(rlim_t)processes, (rlim_t)processes};
  if (setrlimit(RLIMIT_CORE, &none) < 0) fail("limit core files", "", "");
  struct rlimit now;
  if (getrlimit(RLIMIT_NPROC, &now) == 0 && now.rlim_max < most.rlim_max) most = now;
  if (processes > 0 && setrlimit(RLIMIT_NPROC, &most) < 0) fail("limit processes", "", "");
}
