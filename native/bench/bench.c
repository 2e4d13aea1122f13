/*
 * How fast is this CPU, real or emulated? README.md has the contract.
 *
 *     argv = ["mpkit-bench", PATH OF THIS FILE, WORKLOAD, ROUNDS]
 */
#include "bench.h"

enum status { RIGHT = 0, USAGE = 2, WRONG = 10 };

static const struct workload {
  const char *name;
  u32 (*round)(void);
  u32 answer;
} workloads[] = {
    {"integer", integer_round, 0xd99131ae},
    {"float", float_round, 0x3aab6d05},
    {"memory", memory_round, 0xd104a4d9},
    {"branches", branch_round, 0xe5d16b69},
    {"hash", hash_round, 0xd010f6d7},
    {"compress", compress_round, 0x9b54c7e2},
    {"calls", call_round, 50},
    {"exec", exec_round, CHILD_RAN},
    {"threads", thread_round, 0x0fa000fa},
    {"files", file_round, 10},
};

const char *own_path;
char **own_environment;

static enum status measure(const struct workload *workload, const char *rounds);
static u32 number(const char *digits);
static int same(const char *a, const char *b);
static void say(const char *text);
static void say_decimal(u32 value, int width);
static void say_hex(u32 value);

/* The initial stack: argc, argv, NULL, envp, NULL (the ELF supplement of each CPU). */
__attribute__((used, noreturn)) void start(long *stack) {
  long argc = stack[0];
  char **argv = (char **)(stack + 1);
  if (argc == 2) quit(CHILD_RAN);
  if (argc != 4) quit(USAGE);
  own_path = argv[1];
  own_environment = argv + argc + 1;
  for (u32 at = 0; at < sizeof workloads / sizeof *workloads; at++)
    if (same(argv[2], workloads[at].name)) quit(measure(&workloads[at], argv[3]));
  quit(USAGE);
}

static char line[128];
static u32 length;

/* The first round is not counted: an emulator translates the program while it runs it. */
static enum status measure(const struct workload *workload, const char *rounds) {
  u32 count = number(rounds);
  u32 result = workload->round();
  u32 done = 0;
  struct time before = now();
  while (done < count && result == workload->answer) {
    result = workload->round();
    done++;
  }
  struct time after = now();
  u32 seconds = after.seconds - before.seconds;
  u32 nanoseconds = after.nanoseconds - before.nanoseconds;
  if (after.nanoseconds < before.nanoseconds) seconds--, nanoseconds += 1000000000u;
  say("mpkit-bench 1 ");
  say(workload->name);
  say(" rounds=");
  say_decimal(done, 1);
  say(" ns=");
  if (seconds) say_decimal(seconds, 1);
  say_decimal(nanoseconds, seconds ? 9 : 1);
  say(" result=");
  say_hex(result);
  say(result == workload->answer ? " right\n" : " wrong\n");
  print(line, length);
  return result == workload->answer ? RIGHT : WRONG;
}

static u32 number(const char *digits) {
  u32 value = 0;
  for (; *digits >= '0' && *digits <= '9'; digits++) value = value * 10 + (u32)(*digits - '0');
  return value;
}

static int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static void say(const char *text) {
  while (*text && length < sizeof line) line[length++] = *text++;
}

static void say_decimal(u32 value, int width) {
  char digits[11];
  int at = 10;
  digits[at] = 0;
  for (; value || width > 0; value /= 10, width--) digits[--at] = (char)('0' + value % 10);
  say(digits + at);
}

static void say_hex(u32 value) {
  char digits[9];
  for (int at = 0; at < 8; at++) digits[at] = "0123456789abcdef"[value >> (28 - 4 * at) & 15];
  digits[8] = 0;
  say(digits);
}
