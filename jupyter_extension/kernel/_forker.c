/* Forks a running kernel without harming it, and tells quickly which blocks of memory changed.
 *
 * Why in C: between the system call and PyOS_AfterFork_Child the interpreter must not run a single bytecode (it could
 * wait for a thread that the child does not have), and no pthread_atfork handler may run (OpenBLAS registers one that
 * deadlocks the caller while another thread is inside a matrix product). So the three steps stand in one function, and
 * the process is made by the bare clone system call. Its exit signal is 0: the user's SIGCHLD handlers and os.wait()
 * never notice our child (waitpid needs __WALL).
 *
 * One binary serves every CPython from 3.8 on (stable ABI).
 */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x03080000
#endif
#include <Python.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "_checks.h"

/* The buffer protocol joined the stable ABI in 3.11 with the layout that it has had since 3.3. */
#if Py_LIMITED_API < 0x030b0000
typedef struct {
    void *buf;
    PyObject *obj;
    Py_ssize_t len, itemsize;
    int readonly, ndim;
    char *format;
    Py_ssize_t *shape, *strides, *suboffsets;
    void *internal;
} Py_buffer;
extern int PyObject_GetBuffer(PyObject *, Py_buffer *, int);
extern void PyBuffer_Release(Py_buffer *);
#define PyBUF_SIMPLE 0
#endif

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static pid_t clone_quietly(void)
{
#ifdef __linux__
    return (pid_t)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
#else
    errno = ENOSYS;
    return -1;
#endif
}

/* Handlers of the user's (or faulthandler's) must not run in the child; interrupts meant for the kernel must not end it. */
static void reset_signals(void)
{
    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP)
            signal(number, SIG_DFL);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t written = write(fd, text, strlen(text));
        (void)written;
        close(fd);
    }
}

/* Nothing that the child prints may reach the user; under memory pressure it dies first; no core file; a group of its own. */
static void quiet_child(int niceness)
{
    reset_signals();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd <= 2; fd++)
        dup2(null, fd);
    PySys_SetObject("stdout", Py_None);
    PySys_SetObject("stderr", Py_None);
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    setpgid(0, 0);
    if (niceness > 0)
        setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + niceness);
#ifdef __linux__
    prctl(PR_SET_NAME, "migrator-save", 0, 0, 0);
    write_file("/proc/self/oom_score_adj", "1000");
#endif
}

#ifdef __linux__
struct entry { /* what getdents64 gives: opendir would allocate, and another thread may have held that lock at the fork */
    unsigned long long inode;
    long long offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

/* Sockets, pipes and devices: a port must become free, and a pipe must end, when the kernel of the user closes it. */
static void close_what_others_wait_for(int keep)
{
    char buffer[4096] __attribute__((aligned(8)));
    int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long length;
    while (folder >= 0 && (length = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < length; at += ((struct entry *)(buffer + at))->length) {
            int fd = atoi(((struct entry *)(buffer + at))->name);
            struct stat kind;
            if (fd > 2 && fd != keep && fd != folder && fstat(fd, &kind) == 0
                && !S_ISREG(kind.st_mode) && !S_ISDIR(kind.st_mode))
                close(fd);
        }
    close(folder);
}

/* A copy in reserve runs not one bytecode before its order comes: each page that the interpreter touched would be copied. */
static void wait_for_order(int fd, int limit_ms)
{
    close_what_others_wait_for(fd);
    struct pollfd order = {fd, POLLIN, 0};
    if (poll(&order, 1, limit_ms) != 1 || !(order.revents & POLLIN))
        _exit(0);
}
#endif

PyDoc_STRVAR(fork_doc,
"fork(capture, niceness, stop, order=-1, limit_ms=0) -> (pid, pause_ns, captured)\n\n"
"Fork this process; pid is 0 in the child. `capture`: callables written in C whose results are taken at the instant of\n"
"the fork (PyOS_AfterFork_Child reseeds `random`, for one). pause_ns: how long the parent was held up. With `stop` the\n"
"parent then stops itself (SIGSTOP), so that the child's copy is the last state there is. With `order`, a descriptor, the\n"
"child closes the sockets and pipes of the parent's but that one, sleeps, and returns from here only once there is something\n"
"to read; it ends if nothing comes within the limit. Linux only.");

static PyObject *capture_all(PyObject *capture)
{
    Py_ssize_t count = PyTuple_Size(capture);
    PyObject *captured = count < 0 ? NULL : PyTuple_New(count);
    for (Py_ssize_t i = 0; captured && i < count; i++) {
        PyObject *value = PyObject_CallObject(PyTuple_GetItem(capture, i), NULL);
        if (value == NULL) {
            PyErr_Clear();
            value = Py_None;
            Py_INCREF(value);
        }
        PyTuple_SetItem(captured, i, value);
    }
    return captured;
}

static PyObject *forker_fork(PyObject *module, PyObject *args)
{
    PyObject *capture;
    int niceness, stop, order = -1, limit_ms = 0;
    (void)module;
    if (!PyArg_ParseTuple(args, "O!ip|ii", &PyTuple_Type, &capture, &niceness, &stop, &order, &limit_ms))
        return NULL;
    long long started = now_ns();
    PyOS_BeforeFork();
    PyObject *captured = capture_all(capture);
    pid_t pid = captured ? clone_quietly() : -1;
    int error = errno;
    if (pid == 0) {
        quiet_child(niceness);
#ifdef __linux__
        if (order >= 0)
            wait_for_order(order, limit_ms);
#endif
        PyOS_AfterFork_Child();
        return Py_BuildValue("iLN", 0, 0LL, captured);
    }
    long long pause = now_ns() - started;
    if (stop && pid > 0)
        raise(SIGSTOP); /* this thread, which has the GIL: a handler in Python below could hand it to the user's */
    long long going_on = now_ns();
    PyOS_AfterFork_Parent();
    pause += now_ns() - going_on;
    if (captured == NULL)
        return NULL;
    if (pid < 0) {
        Py_DECREF(captured);
        errno = error;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return Py_BuildValue("iLN", (int)pid, pause, captured);
}

PyDoc_STRVAR(checks_doc,
"checks(buffer, block) -> bytes\n\n"
"XXH3-128 (canonical, seed 0) of each `block` bytes of the buffer, 16 bytes each; an empty buffer has none.\n"
"The GIL is released. NotImplementedError if xxhash.h was missing when this was built (see HAVE_XXH3).");

#if HAVE_XXH3
static PyObject *forker_checks(PyObject *module, PyObject *args)
{
    PyObject *object, *result = NULL;
    Py_ssize_t block;
    Py_buffer view;
    (void)module;
    if (!PyArg_ParseTuple(args, "On", &object, &block))
        return NULL;
    if (block <= 0) {
        PyErr_SetString(PyExc_ValueError, "block must be positive");
        return NULL;
    }
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    Py_ssize_t count = view.len / block + (view.len % block != 0);
    result = PyBytes_FromStringAndSize(NULL, count * CHECK_BYTES);
    if (result) {
        struct blocks blocks = {view.buf, (size_t)view.len, (size_t)block, (unsigned char *)PyBytes_AsString(result)};
        Py_BEGIN_ALLOW_THREADS
        check_blocks(&blocks);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&view);
    return result;
}
#else
static PyObject *forker_checks(PyObject *module, PyObject *args)
{
    (void)module;
    (void)args;
    PyErr_SetString(PyExc_NotImplementedError, "built without xxhash.h");
    return NULL;
}
#endif

PyDoc_STRVAR(splice_doc,
"splice(fd, buffer) -> bytes taken\n\n"
"Hand the buffer's pages to a pipe without copying them (vmsplice). They must not change until they have been read.\n"
"OSError where the system cannot do it.");

static PyObject *forker_splice(PyObject *module, PyObject *args)
{
    int fd;
    PyObject *object;
    Py_buffer view;
    (void)module;
    if (!PyArg_ParseTuple(args, "iO", &fd, &object) || PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    ssize_t taken = -1;
    Py_BEGIN_ALLOW_THREADS
#ifdef __linux__
    struct iovec whole = {view.buf, (size_t)view.len};
    taken = vmsplice(fd, &whole, 1, 0);
#else
    errno = ENOSYS;
#endif
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return taken < 0 ? PyErr_SetFromErrno(PyExc_OSError) : PyLong_FromSsize_t(taken);
}

static PyMethodDef methods[] = {
    {"fork", forker_fork, METH_VARARGS, fork_doc},
    {"checks", forker_checks, METH_VARARGS, checks_doc},
    {"splice", forker_splice, METH_VARARGS, splice_doc},
    {NULL, NULL, 0, NULL},
};

static int forker_exec(PyObject *module)
{
    return PyModule_AddIntConstant(module, "HAVE_XXH3", HAVE_XXH3);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, forker_exec}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_forker", "Fork a kernel safely; hash blocks.", 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__forker(void)
{
    return PyModuleDef_Init(&definition);
}
