#ifndef FILTER_H
#define FILTER_H
#include <linux/filter.h>
#include <stddef.h>

/*
 * The system-call filter of a step: Docker's default meaning, for every ABI that this kernel runs
 * natively, because an emulator is no boundary and a foreign image can hold native programs.
 * Unknown calls answer ENOSYS, known but withheld ones EPERM. With `answer_syncs` fsync and its
 * kind answer 0 at once: the layer's commit makes the files durable. A descriptor for what the
 * filter asks (socketcall.h), or -1: then such calls answer ENOSYS.
 */
int install_filter(int answer_syncs);

/* The same as a program of its own, for whoever wants to know what it answers. */
struct sock_fprog make_filter(int answer_syncs, int asks);

/* 1 for the address families that no step may have. */
int is_withheld_family(int family);

/* The part for one ABI: its allowed numbers, and the numbers of the calls with conditions. */
struct abi {
  unsigned audit_arch;
  const int *allowed;
  size_t allowed_count;
  /* ended by -1 */
  const int *syncs;
  int clone, ioctl, personality, socket, socketcall, highest;
  /* -1 terminated: answered ENOSYS so that programs fall back */
  const int *unsupported;
};

#ifdef __x86_64__
extern const struct abi i386_abi;
#endif

#endif
