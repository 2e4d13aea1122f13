/* What most CPUs share; the others define their own before including it. */

#ifndef SIGNAL_USR1
#define SIGNAL_USR1 10
#define SIGNAL_CHLD 17
#define SIGNAL_SET_SIZE 8

/* As rt_sigaction(2) takes it; the mask is empty, so its place after `restorer` does not matter. */
struct action {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)(void);
  unsigned long mask[4];
};
#endif

#ifndef OPEN_CREATE
#define OPEN_CREATE 0x40
#endif

/* x86 alone wants to be told where a handler returns to. */
#ifndef SIGNAL_RESTORER
#define SIGNAL_RESTORER 0
#define SIGNAL_FLAGS 0
#endif

static inline void set_action(struct action *action, void (*handler)(int)) {
  action->handler = handler;
  action->flags = SIGNAL_FLAGS;
  action->restorer = SIGNAL_RESTORER;
}

/* clone(2) as a thread: the child runs thread() on its own stack. Written in assembly. */
long start_thread(unsigned long flags, void *stack_top);

/* clone(2) as fork. */
static inline long fork_process(void) {
#ifdef CLONE_TAKES_STACK_FIRST
  return call(CALL_clone, 0, SIGNAL_CHLD, 0, 0, 0);
#else
  return call(CALL_clone, SIGNAL_CHLD, 0, 0, 0, 0);
#endif
}
