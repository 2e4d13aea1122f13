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
#define CALL_exit_group 252
#define CALL_clock_gettime 265
#define CALL_openat 295
#define CALL_unlinkat 301
#define CALL_memfd_create 356
#define CALL_statx 383

static inline long call(long number, long a, long b, long c, long d, long e) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                   : "memory");
  return result;
}

void return_from_signal(void);
#define SIGNAL_RESTORER return_from_signal
#define SIGNAL_FLAGS 0x04000004 /* SA_RESTORER, SA_SIGINFO: without it the frame has the old form */

#include "common.h"

__asm__(".text\n"
        ".globl _start, start_thread, return_from_signal\n"
        "_start:\n"
        "  mov %esp, %eax\n"
        "  and $-16, %esp\n"
        "  sub $12, %esp\n"
        "  push %eax\n"
        "  call start\n"
        "start_thread:\n"
        "  push %ebx\n"
        "  push %esi\n"
        "  push %edi\n"
        "  mov 16(%esp), %ebx\n"
        "  mov 20(%esp), %ecx\n"
        "  xor %edx, %edx\n"
        "  xor %esi, %esi\n"
        "  xor %edi, %edi\n"
        "  mov $120, %eax\n" /* clone */
        "  int $0x80\n"
        "  test %eax, %eax\n"
        "  jnz 1f\n"
        "  call thread\n"
        "1: pop %edi\n"
        "  pop %esi\n"
        "  pop %ebx\n"
        "  ret\n"
        "return_from_signal:\n"
        "  mov $173, %eax\n" /* rt_sigreturn */
        "  int $0x80\n");
