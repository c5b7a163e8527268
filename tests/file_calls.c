/* Stands between a program and the C library (LD_PRELOAD): notes the calls on files of one thread, and does
 * to one of them, or to all from one on, what disks, signals and killers do. See file_calls.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NOTHING, FAIL, SHORT, KILL_BEFORE, KILL_AFTER, SIGNAL_BEFORE, SIGNAL_AFTER };

static __thread struct {
    int active, count, at, action, error, onwards, spare_removal;
    size_t length;
    char log[1 << 22];
} state;

void file_calls_start(int at, int action, int error, int onwards, int spare_removal) {
    state.count = 0;
    state.at = at;
    state.action = action;
    state.error = error;
    state.onwards = onwards;
    state.spare_removal = spare_removal;
    state.length = 0;
    state.log[0] = 0;
    state.active = 1;
}

const char* file_calls_stop(void) {
    state.active = 0;
    return state.log;
}

/* Ctrl-C, and then the 20 ms after which a computation asks for signals again. */
static void interrupt(void) {
    raise(SIGINT);
    const struct timespec time = {0, 25000000};
    nanosleep(&time, NULL);
}

static int before(const char* name) {
    if (!state.active) return NOTHING;
    const int number = state.count++;
    const int meant = number == state.at || (state.onwards && number > state.at);
    if (!meant || (state.spare_removal && !strcmp(name, "unlinkat"))) return NOTHING;
    if (state.action == KILL_BEFORE) raise(SIGKILL);
    if (state.action == SIGNAL_BEFORE) interrupt();
    return state.action;
}

static void after(const char* name, int action, int file, const char* text, long size, long result) {
    const int error = errno;
    if (state.active) {
        if (state.length + 600 < sizeof state.log)
            state.length += (size_t)snprintf(state.log + state.length, 600, "%s\t%d\t%.300s\t%ld\t%ld\t%d\n", name,
                                             file, text, size, result, result < 0 ? error : 0);
        if (action == KILL_AFTER) raise(SIGKILL);
        if (action == SIGNAL_AFTER) interrupt();
    }
    errno = error;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
/* One call: made, or failed in its place. `made_first` is for close, which closes whatever it says. */
#define CALL(name, label, file, text, size, made_first, ...)              \
    do {                                                                  \
        const int action = before(label);                                 \
        long result = -1;                                                 \
        if (made_first || action != FAIL) result = REAL(name)(__VA_ARGS__); \
        if (action == FAIL) { result = -1; errno = state.error; }         \
        after(label, action, file, text, size, result);                   \
        return result;                                                    \
    } while (0)

static mode_t mode_of(int flags, va_list rest) {
    return flags & O_CREAT || (flags & __O_TMPFILE) == __O_TMPFILE ? va_arg(rest, mode_t) : 0;
}
#define OPENER(name, parameters, label, path, ...)  \
    int name parameters {                           \
        va_list rest;                               \
        va_start(rest, flags);                      \
        const mode_t mode = mode_of(flags, rest);   \
        va_end(rest);                               \
        CALL(name, label, flags, path, mode, 0, __VA_ARGS__); \
    }
OPENER(open, (const char* path, int flags, ...), "open", path, path, flags, mode)
OPENER(open64, (const char* path, int flags, ...), "open", path, path, flags, mode)
OPENER(openat, (int folder, const char* path, int flags, ...), "openat", path, folder, path, flags, mode)
OPENER(openat64, (int folder, const char* path, int flags, ...), "openat", path, folder, path, flags, mode)

ssize_t write(int file, const void* bytes, size_t size) {
    const int action = before("write");
    ssize_t result = -1;
    if (action == FAIL)
        errno = state.error;
    else
        result = REAL(write)(file, bytes, action == SHORT && size > 1 ? size / 2 : size);
    after("write", action, file, "", (long)size, result);
    return result;
}

int close(int file) { CALL(close, "close", file, "", 0, 1, file); }
int fsync(int file) { CALL(fsync, "fsync", file, "", 0, 0, file); }
int fchmod(int file, mode_t mode) { CALL(fchmod, "fchmod", file, "", mode, 0, file, mode); }
int fchown(int file, uid_t owner, gid_t group) { CALL(fchown, "fchown", file, "", owner, 0, file, owner, group); }
int fstat(int file, struct stat* out) { CALL(fstat, "fstat", file, "", 0, 0, file, out); }
int fstat64(int file, struct stat64* out) { CALL(fstat64, "fstat", file, "", 0, 0, file, out); }
int stat(const char* path, struct stat* out) { CALL(stat, "stat", -1, path, 0, 0, path, out); }
int stat64(const char* path, struct stat64* out) { CALL(stat64, "stat", -1, path, 0, 0, path, out); }
int lstat(const char* path, struct stat* out) { CALL(lstat, "lstat", -1, path, 0, 0, path, out); }
int lstat64(const char* path, struct stat64* out) { CALL(lstat64, "lstat", -1, path, 0, 0, path, out); }
ssize_t readlink(const char* path, char* out, size_t size) {
    CALL(readlink, "readlink", -1, path, 0, 0, path, out, size);
}
int faccessat(int folder, const char* path, int mode, int flags) {
    CALL(faccessat, "faccessat", folder, path, mode, 0, folder, path, mode, flags);
}
int renameat(int from, const char* old, int to, const char* new) {
    CALL(renameat, "renameat", from, new, 0, 0, from, old, to, new);
}
int unlinkat(int folder, const char* path, int flags) {
    CALL(unlinkat, "unlinkat", folder, path, 0, 0, folder, path, flags);
}
