#define CALL_exit 1
#define CALL_read 3
#define CALL_write 4
#define CALL_close 6
#define CALL_execve 11
#define CALL_lseek 19
#define CALL_getpid 20
#define CALL_kill 37
#define CALL_geteuid 49
#define CALL_getppid 64
#define CALL_wait4 114
#define CALL_clone 120
#define CALL_uname 122
#define CALL_rt_sigaction 173
#define CALL_futex 221
#define CALL_exit_group 234
#define CALL_clock_gettime 246
#define CALL_openat 286
#define CALL_unlinkat 292
#define CALL_memfd_create 360
#define CALL_statx 383

/* A failed call sets the summary overflow bit and returns the error as a positive number. */
static inline long call(long number, long a, long b, long c, long d, long e) {
  register long r0 __asm__("r0") = number;
  register long r3 __asm__("r3") = a;
  register long r4 __asm__("r4") = b;
  register long r5 __asm__("r5") = c;
  register long r6 __asm__("r6") = d;
  register long r7 __asm__("r7") = e;
  __asm__ volatile("sc\n"
                   "bns+ 1f\n"
                   "neg 3, 3\n"
                   "1:"
                   : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
                   :
                   : "cr0", "ctr", "xer", "r8", "r9", "r10", "r11", "r12", "memory");
  return r3;
}

#include "common.h"

/* The kernel enters with r12 = _start, from which the address of the table of contents follows. */
__asm__(".text\n"
        ".globl _start, start_thread\n"
        "_start:\n"
        "  addis 2, 12, .TOC.-_start@ha\n"
        "  addi 2, 2, .TOC.-_start@l\n"
        "  mr 3, 1\n"
        "  clrrdi 1, 1, 4\n"
        "  li 0, 0\n"
        "  stdu 0, -64(1)\n"
        "  bl start\n"
        "  nop\n"
        "start_thread:\n"
        "  li 5, 0\n"
        "  addi 4, 4, -64\n"
        "  std 5, 0(4)\n"
        "  li 6, 0\n"
        "  li 7, 0\n"
        "  li 0, 120\n" /* clone */
        "  sc\n"
        "  bns+ 1f\n"
        "  neg 3, 3\n"
        "1: cmpdi 3, 0\n"
        "  bnelr\n"
        "  bl thread\n"
        "  nop\n");
