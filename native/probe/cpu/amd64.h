#define CALL_read 0
#define CALL_write 1
#define CALL_close 3
#define CALL_lseek 8
#define CALL_rt_sigaction 13
#define CALL_getpid 39
#define CALL_clone 56
#define CALL_execve 59
#define CALL_exit 60
#define CALL_wait4 61
#define CALL_kill 62
#define CALL_uname 63
#define CALL_geteuid 107
#define CALL_getppid 110
#define CALL_futex 202
#define CALL_clock_gettime 228
#define CALL_exit_group 231
#define CALL_openat 257
#define CALL_unlinkat 263
#define CALL_memfd_create 319
#define CALL_statx 332

static inline long call(long number, long a, long b, long c, long d, long e) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}

void return_from_signal(void);
#define SIGNAL_RESTORER return_from_signal
#define SIGNAL_FLAGS 0x04000000 /* SA_RESTORER */

#include "common.h"

__asm__(".text\n"
        ".globl _start, start_thread, return_from_signal\n"
        "_start:\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call start\n"
        "start_thread:\n"
        "  xor %edx, %edx\n"
        "  xor %r10d, %r10d\n"
        "  xor %r8d, %r8d\n"
        "  mov $56, %eax\n" /* clone */
        "  syscall\n"
        "  test %eax, %eax\n"
        "  jnz 1f\n"
        "  call thread\n"
        "1: ret\n"
        "return_from_signal:\n"
        "  mov $15, %eax\n" /* rt_sigreturn */
        "  syscall\n");
