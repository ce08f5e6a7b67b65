/* tssandbox.c - takes away from a process what running a model does not need
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE
#include "tssandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* To compute, to have threads, and to speak over a socket that is there. */
static const int calls[] = {
  SCMP_SYS (arch_prctl), SCMP_SYS (brk), SCMP_SYS (clock_getres),
  SCMP_SYS (clock_gettime), SCMP_SYS (clock_nanosleep), SCMP_SYS (close),
  SCMP_SYS (exit), SCMP_SYS (exit_group), SCMP_SYS (fstat),
  SCMP_SYS (ftruncate), SCMP_SYS (futex), SCMP_SYS (get_mempolicy),
  SCMP_SYS (getcpu), SCMP_SYS (getpid), SCMP_SYS (getrandom),
  SCMP_SYS (getrusage), SCMP_SYS (gettid), SCMP_SYS (gettimeofday),
  SCMP_SYS (lseek), SCMP_SYS (madvise),
  SCMP_SYS (membarrier), SCMP_SYS (mprotect), SCMP_SYS (mremap),
  SCMP_SYS (munmap), SCMP_SYS (nanosleep), SCMP_SYS (poll),
  SCMP_SYS (ppoll), SCMP_SYS (pread64), SCMP_SYS (read), SCMP_SYS (recvmsg),
  SCMP_SYS (restart_syscall), SCMP_SYS (rseq), SCMP_SYS (rt_sigaction),
  SCMP_SYS (rt_sigprocmask), SCMP_SYS (rt_sigreturn),
  SCMP_SYS (sched_getaffinity), SCMP_SYS (sched_getparam),
  SCMP_SYS (sched_getscheduler), SCMP_SYS (sched_setaffinity),
  SCMP_SYS (sched_yield), SCMP_SYS (sendmsg), SCMP_SYS (set_robust_list),
  SCMP_SYS (set_tid_address), SCMP_SYS (sigaltstack), SCMP_SYS (sysinfo),
  SCMP_SYS (times), SCMP_SYS (uname), SCMP_SYS (write)
};

/* What a card's driver does besides. */
static const int card_calls[] = {
  SCMP_SYS (access), SCMP_SYS (dup), SCMP_SYS (eventfd2), SCMP_SYS (faccessat),
  SCMP_SYS (getdents64), SCMP_SYS (geteuid), SCMP_SYS (getuid),
  SCMP_SYS (ioctl), SCMP_SYS (mbind), SCMP_SYS (mlock), SCMP_SYS (munlock),
  SCMP_SYS (newfstatat), SCMP_SYS (open), SCMP_SYS (openat), SCMP_SYS (pipe2),
  SCMP_SYS (readlink), SCMP_SYS (readlinkat), SCMP_SYS (stat), SCMP_SYS (statfs)
};

static gboolean
allow (scmp_filter_ctx filter, const int *list, guint n)
{
  for (guint i = 0; i < n; i++)
    if (seccomp_rule_add (filter, SCMP_ACT_ALLOW, list[i], 0) != 0)
      return FALSE;
  return TRUE;
}

/* Threads, but no processes; clone3() hides its flags, and without it the C library
 * takes clone(). */
static gboolean
allow_threads (scmp_filter_ctx filter)
{
  return seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (clone), 1,
      SCMP_A0 (SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0
      && seccomp_rule_add (filter, SCMP_ACT_ERRNO (ENOSYS), SCMP_SYS (clone3),
      0) == 0;
}

/* abort() sends a signal to itself; a thread has a name; limits are read. */
static gboolean
allow_some (scmp_filter_ctx filter)
{
  return seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (tgkill), 1,
      SCMP_A0 (SCMP_CMP_EQ, (scmp_datum_t) getpid ())) == 0
      && seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (prctl), 1,
      SCMP_A0 (SCMP_CMP_EQ, PR_SET_NAME)) == 0
      && seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (prlimit64), 1,
      SCMP_A2 (SCMP_CMP_EQ, 0)) == 0;
}

/* A descriptor could send any signal to any process of the user (F_SETOWN and
 * F_SETSIG). */
static gboolean
allow_descriptors (scmp_filter_ctx filter, gboolean has_card)
{
  static const int commands[] = {
    F_GETFD, F_SETFD, F_GETFL,
    F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC   /* of a card's driver */
  };
  guint n = has_card ? G_N_ELEMENTS (commands) : 3;

  for (guint i = 0; i < n; i++)
    if (seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (fcntl), 1,
            SCMP_A1 (SCMP_CMP_EQ, (scmp_datum_t) commands[i])) != 0)
      return FALSE;
  return TRUE;
}

/* RLIMIT_DATA counts no memory that is shared, and none that grows like a stack. */
static gboolean
allow_mappings (scmp_filter_ctx filter, gboolean has_card)
{
  static const scmp_datum_t kinds[] = { MAP_ANONYMOUS, MAP_SHARED, 0 };
  const scmp_datum_t mask = MAP_ANONYMOUS | MAP_SHARED | MAP_GROWSDOWN;

  if (has_card)
    return seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (mmap), 0) == 0;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (mmap), 1,
            SCMP_A3 (SCMP_CMP_MASKED_EQ, mask, kinds[i])) != 0)
      return FALSE;
  return TRUE;
}

static gboolean
filter_calls (gboolean has_card)
{
  scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ERRNO (EPERM));
  gboolean done = filter != NULL
      /* For the threads that libtorch has by now, too. */
      && seccomp_attr_set (filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0
      && allow (filter, calls, G_N_ELEMENTS (calls))
      && (!has_card || allow (filter, card_calls, G_N_ELEMENTS (card_calls)))
      && allow_descriptors (filter, has_card)
      && allow_mappings (filter, has_card)
      && allow_threads (filter) && allow_some (filter)
      && seccomp_load (filter) == 0;

  seccomp_release (filter);
  return done;
}

/* Bytes that count for RLIMIT_DATA. */
static guint64
get_data_bytes (void)
{
  g_autofree gchar *text = NULL;
  const gchar *line;

  if (!g_file_get_contents ("/proc/self/status", &text, NULL, NULL))
    return 0;
  line = strstr (text, "VmData:");
  return line ? g_ascii_strtoull (line + strlen ("VmData:"), NULL,
      10) * 1024 : 0;
}

static gboolean
limit_memory (guint64 max_bytes)
{
  guint64 bytes = get_data_bytes () + max_bytes;
  const struct rlimit limit = { bytes, bytes };
  const struct rlimit most = { max_bytes, max_bytes };
  const struct rlimit none = { 0, 0 };

  /* Files are the memory that is shared with the plugin. */
  return setrlimit (RLIMIT_DATA, &limit) == 0
      && setrlimit (RLIMIT_FSIZE, &most) == 0
      && setrlimit (RLIMIT_CORE, &none) == 0;
}

gboolean
ts_sandbox_enter (guint64 max_bytes, gboolean has_card)
{
  return limit_memory (max_bytes) && filter_calls (has_card);
}
