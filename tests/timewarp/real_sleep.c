/* Loaded before libfaketime: a sleep lasts as long as it says.
 *
 * libfaketime 0.9.10 (Debian 12) spoils clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME), which Python 3.11's time.sleep calls, where the
 * monotonic clock is left real: https://github.com/wolfcw/libfaketime/issues/426. Later versions need this no more and are not hurt by it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until, struct timespec *left)
{
    return syscall(SYS_clock_nanosleep, clock, flags, until, left) == 0 ? 0 : errno;
}
