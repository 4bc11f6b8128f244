/* Tells quickly which blocks of a large memory changed: by the widest instructions there are, and in two threads.
 *
 * Why no pthread: the caller is a child of the bare clone call (see _forker.c). Its C library still believes in the
 * kernel's other threads, and one of them may have held the lock under which stacks are given out. So the second thread is
 * made by a bare clone as well. It has no thread-local memory of its own, and calls nothing that would need it.
 */
#define _GNU_SOURCE
#include "_checks.h"

#if HAVE_XXH3
#define XXH_INLINE_ALL
#include <xxhash.h>

void check_plainly(const struct blocks *blocks)
{
    CHECK_EACH(blocks)
}

static int check_part(void *blocks)
{
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
    if (__builtin_cpu_supports("avx2")) {
        check_by_avx2(blocks);
        return 0;
    }
#endif
    check_plainly(blocks);
    return 0;
}

#ifdef __linux__
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORTH_A_THREAD (32u << 20) /* bytes */
#define STACK_BYTES (64u << 10)
#define SHARED (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static int second_processor(void)
{
    cpu_set_t ours;
    return sched_getaffinity(0, sizeof ours, &ours) == 0 && CPU_COUNT(&ours) > 1;
}

/* Check the front part in a thread of its own, and the rest here; 0 if no such thread could be made. */
static int check_in_two(struct blocks *front, struct blocks *rest)
{
    char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED)
        return 0;
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); /* no handler of the process may run on that little stack */
    pid_t thread = 0;
    int flags = SHARED | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    int made = clone(check_part, stack + STACK_BYTES, flags, front, &thread, NULL, &thread) > 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (made) {
        check_part(rest);
        pid_t running;
        while ((running = __atomic_load_n(&thread, __ATOMIC_ACQUIRE)) != 0) /* the system clears it and wakes us */
            syscall(SYS_futex, &thread, FUTEX_WAIT, running, NULL, NULL, 0);
    }
    munmap(stack, STACK_BYTES);
    return made;
}
#endif

void check_blocks(const struct blocks *blocks)
{
    struct blocks rest = *blocks;
#ifdef __linux__
    struct blocks front = *blocks;
    size_t half = blocks->length / 2 / blocks->block;
    front.length = half * blocks->block;
    if (front.length >= WORTH_A_THREAD / 2 && second_processor()) {
        rest.data += front.length;
        rest.length -= front.length;
        rest.out += half * CHECK_BYTES;
        if (check_in_two(&front, &rest))
            return;
        rest = *blocks;
    }
#endif
    check_part(&rest);
}
#endif
