#define CALL_exit 1
#define CALL_read 3
#define CALL_write 4
#define CALL_close 6
#define CALL_execve 11
#define CALL_getpid 20
#define CALL_kill 37
#define CALL_getppid 64
#define CALL_wait4 114
#define CALL_clone 120
#define CALL_uname 122
#define CALL__llseek 140
#define CALL_rt_sigaction 174
#define CALL_geteuid 201
#define CALL_futex 240
#define CALL_exit_group 248
#define CALL_clock_gettime 263
#define CALL_openat 322
#define CALL_unlinkat 328
#define CALL_memfd_create 385
#define CALL_statx 397

static inline long call(long number, long a, long b, long c, long d, long e) {
  register long r7 __asm__("r7") = number;
  register long r0 __asm__("r0") = a;
  register long r1 __asm__("r1") = b;
  register long r2 __asm__("r2") = c;
  register long r3 __asm__("r3") = d;
  register long r4 __asm__("r4") = e;
  __asm__ volatile("svc #0"
                   : "+r"(r0)
                   : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4)
                   : "memory");
  return r0;
}

#include "common.h"

__asm__(".text\n"
        ".arm\n"
        ".globl _start, start_thread\n"
        "_start:\n"
        "  mov r0, sp\n"
        "  bic sp, sp, #15\n"
        "  b start\n"
        "start_thread:\n"
        "  push {r4, r7, r8, lr}\n"
        "  mov r2, #0\n"
        "  mov r3, #0\n"
        "  mov r4, #0\n"
        "  mov r7, #120\n" /* clone */
        "  svc #0\n"
        "  cmp r0, #0\n"
        "  beq thread\n"
        "  pop {r4, r7, r8, pc}\n");
