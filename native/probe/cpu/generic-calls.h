/* The numbers of the CPUs that came after 2012 (asm-generic/unistd.h). */
#define CALL_lseek 62
#define CALL_read 63
#define CALL_write 64
#define CALL_exit 93
#define CALL_exit_group 94
#define CALL_futex 98
#define CALL_kill 129
#define CALL_rt_sigaction 134
#define CALL_uname 160
#define CALL_getpid 172
#define CALL_geteuid 175
#define CALL_clone 220
#define CALL_execve 221
#define CALL_wait4 260
#define CALL_memfd_create 279
#define CALL_statx 291
