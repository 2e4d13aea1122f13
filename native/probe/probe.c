/*
 * Is this CPU really emulated here? Does what people's programs do and says what worked.
 * No libc: cpu/ARCHITECTURE.h has the system calls. README.md has the contract.
 *
 *     argv = ["mpkit-probe", PATH OF THIS FILE]
 *     argv = ["mpkit-probe", PATH, "large" | "euid", NUMBER]
 */
#include CPU_HEADER

enum status { ALL_WORK = 0, USAGE = 2, CHILD_RAN = 42 };
enum check { ARGV0 = 10, CHILD, THREAD, SIGNAL, OFFSET, LARGE, EUID };

enum { STDOUT = 1, FUTEX_WAIT = 0, FUTEX_WAKE = 1, SEEK_SET = 0 };

/* VM, FS, FILES, SIGHAND, THREAD and SYSVSEM: QEMU takes only this set for a thread. */
#define THREAD_FLAGS 0x50f00ul

#define NULL ((void *)0)

static enum status probe(char **argv, char **envp);
static int child_starts(const char *path, char **envp);
static int thread_runs(void);
static int signal_arrives(void);
static int offset_is_wide(void);
static enum status one_check(const char *name, const char *number);
static int large_files_work(void);
static long seek(long file, long long to);
static void report(enum check check, const char *word, int works);
static void say(const char *text);
static int same(const char *a, const char *b);

static char line[256];
static unsigned length;
static enum status first_failure = ALL_WORK;

/* The initial stack: argc, argv, NULL, envp, NULL (the ELF supplement of each CPU). */
__attribute__((used, noreturn)) void start(long *stack) {
  long argc = stack[0];
  char **argv = (char **)(stack + 1);
  long status = USAGE;
  if (argc == 3) status = CHILD_RAN;
  if (argc == 4) status = one_check(argv[2], argv[3]);
  if (argc == 2) status = probe(argv, argv + argc + 1);
  for (;;) call(CALL_exit_group, status, 0, 0, 0, 0);
}

static enum status probe(char **argv, char **envp) {
  static char names[6 * 65];
  call(CALL_uname, (long)names, 0, 0, 0, 0);
  say("mpkit-probe 1 machine=");
  say(names + 4 * 65);
  report(ARGV0, " argv0=", same(argv[0], "mpkit-probe"));
  report(CHILD, " child=", child_starts(argv[1], envp));
  report(THREAD, " thread=", thread_runs());
  report(SIGNAL, " signal=", signal_arrives());
  report(OFFSET, " offset=", offset_is_wide());
  say("\n");
  call(CALL_write, STDOUT, (long)line, length, 0, 0);
  return first_failure;
}

/* The kernel, not the emulator, opens the file: it must find the handler a second time. */
static int child_starts(const char *path, char **envp) {
  long pid = fork_process();
  if (pid == 0) {
    const char *argv[] = {"mpkit-probe", path, "child", NULL};
    call(CALL_execve, (long)path, (long)argv, (long)envp, 0, 0);
    call(CALL_exit_group, 1, 0, 0, 0, 0);
  }
  static int ended;
  return pid > 0 && call(CALL_wait4, pid, (long)&ended, 0, 0, 0) == pid &&
         ended == CHILD_RAN << 8;
}

static volatile int thread_was_here;

__attribute__((used, noreturn)) void thread(void) {
  thread_was_here = 1;
  call(CALL_futex, (long)&thread_was_here, FUTEX_WAKE, 1, 0, 0);
  for (;;) call(CALL_exit, 0, 0, 0, 0, 0);
}

static int thread_runs(void) {
  static char stack[8192] __attribute__((aligned(16)));
  static const long one_second[2] = {1, 0};
  if (start_thread(THREAD_FLAGS, stack + sizeof stack) <= 0) return 0;
  for (int tries = 0; !thread_was_here && tries < 3; tries++)
    call(CALL_futex, (long)&thread_was_here, FUTEX_WAIT, 0, (long)one_second, 0);
  return thread_was_here;
}

static volatile int signal_was_here;

static void note_signal(int signal) {
  signal_was_here = signal;
}

static int signal_arrives(void) {
  static struct action action;
  set_action(&action, note_signal);
  if (call(CALL_rt_sigaction, SIGNAL_USR1, (long)&action, 0, SIGNAL_SET_SIZE, 0) != 0) return 0;
  call(CALL_kill, call(CALL_getpid, 0, 0, 0, 0, 0), SIGNAL_USR1, 0, 0, 0);
  return signal_was_here == SIGNAL_USR1;
}

/* Six GiB: bits on both sides of the 32-bit border, which a wrong register pair would swap. */
static const long long far = 0x180000000ll;

static int offset_is_wide(void) {
  long file = call(CALL_memfd_create, (long)"probe", 0, 0, 0, 0);
  return file >= 0 && seek(file, far);
}

static long seek(long file, long long to) {
#ifdef CALL__llseek
  static long long found;
  long result = call(CALL__llseek, file, (long)(to >> 32), (long)to, (long)&found, SEEK_SET);
  return result == 0 && found == to;
#else
  return call(CALL_lseek, file, to, SEEK_SET, 0, 0) == to;
#endif
}

static enum status one_check(const char *name, const char *number) {
  if (same(name, "large")) return large_files_work() ? ALL_WORK : (enum status)LARGE;
  if (!same(name, "euid")) return USAGE;
  long wanted = 0;
  for (; *number; number++) wanted = wanted * 10 + *number - '0';
  return call(CALL_geteuid, 0, 0, 0, 0, 0) == wanted ? ALL_WORK : (enum status)EUID;
}

/* A byte behind six GiB is where it was put, and the file is as long as that says. */
static int large_files_work(void) {
  enum { AT_EMPTY_PATH = 0x1000, STATX_SIZE = 0x200, SIZE = 40 / 8 };
  static unsigned long long facts[32];
  static char byte = 'x';
  long file = call(CALL_memfd_create, (long)"probe", 0, 0, 0, 0);
  if (file < 0 || !seek(file, far) || call(CALL_write, file, (long)&byte, 1, 0, 0) != 1) return 0;
  byte = 0;
  if (!seek(file, far) || call(CALL_read, file, (long)&byte, 1, 0, 0) != 1) return 0;
  if (call(CALL_statx, file, (long)"", AT_EMPTY_PATH, STATX_SIZE, (long)facts) != 0) return 0;
  return byte == 'x' && facts[SIZE] == (unsigned long long)far + 1;
}

static void report(enum check check, const char *word, int works) {
  say(word);
  say(works ? "ok" : "fail");
  if (!works && first_failure == ALL_WORK) first_failure = (enum status)check;
}

static void say(const char *text) {
  while (*text && length < sizeof line) line[length++] = *text++;
}

static int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}
