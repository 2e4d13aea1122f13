/* The numbers of 32-bit x86, which an amd64 kernel runs natively: they need a unit of their own,
   because both headers define the same names. */
#ifdef __x86_64__
#include <asm/unistd_32.h>
#include <linux/audit.h>

static const int allowed_numbers[] = {
#include "allowed.inc"
};
#define ABI_NAME i386_abi
#define ABI_ARCH AUDIT_ARCH_I386
#include "filter_abi.h"
#else
typedef int no_second_abi;
#endif
