/* Included once for each ABI, after its numbers and ABI_NAME, ABI_ARCH: fills a struct abi. */
#include "filter.h"

static const int sync_numbers[] = {
    __NR_fsync, __NR_fdatasync, __NR_sync, __NR_syncfs, __NR_msync,
#ifdef __NR_sync_file_range
    __NR_sync_file_range,
#endif
#ifdef __NR_sync_file_range2
    __NR_sync_file_range2,
#endif
    -1};

/* Equal on every ABI, and not in every C library's headers. */
enum {
  nr_io_uring_setup = 425,
  nr_io_uring_enter = 426,
  nr_io_uring_register = 427,
  nr_clone3 = 435,
  /* of the tables of Linux 6.18: above it is unknown, so ENOSYS */
  nr_newest = 470,
};

/* clone3 hides its flags behind a pointer; io_uring and friends would go round this filter. */
static const int unsupported_numbers[] = {nr_clone3, nr_io_uring_setup, nr_io_uring_enter,
                                          nr_io_uring_register, -1};

const struct abi ABI_NAME = {
    .audit_arch = ABI_ARCH,
    .allowed = allowed_numbers,
    .allowed_count = sizeof allowed_numbers / sizeof *allowed_numbers,
    .syncs = sync_numbers,
    .clone = __NR_clone,
    .ioctl = __NR_ioctl,
    .personality = __NR_personality,
#ifdef __NR_socket
    .socket = __NR_socket,
#else
    .socket = -1,
#endif
#ifdef __NR_socketcall
    .socketcall = __NR_socketcall,
#else
    .socketcall = -1,
#endif
    .highest = nr_newest,
    .unsupported = unsupported_numbers,
};
