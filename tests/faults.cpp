// To be preloaded: one allocation by `new` fails, counted from when that is asked for, and after so many
// threads no more start.
#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long> n_allocations{0};
std::atomic<long> failing{0};  // the number of the one that fails; 0 for none

std::atomic<long> more_threads{-1};  // that start; any number if below 0

void* allocate(std::size_t size, std::size_t alignment) {
    if (++n_allocations == failing) {
        throw std::bad_alloc();
    }
    void* memory = nullptr;
    if (posix_memalign(&memory, alignment, size == 0 ? 1 : size) != 0) {
        throw std::bad_alloc();
    }
    return memory;
}

}  // namespace

extern "C" void fail_allocation(long number) {
    n_allocations = 0;
    failing = number;
}

extern "C" long allocations_since() { return n_allocations; }

extern "C" void let_threads_start(long count) { more_threads = count; }

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*start)(void*), void* argument) {
    using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
    static const auto create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
    if (more_threads >= 0 && more_threads-- == 0) {
        more_threads = 0;
        return EAGAIN;
    }
    return create(thread, attributes, start, argument);
}

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
