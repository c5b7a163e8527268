// The few types that every other header speaks in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <vector>

namespace jetmlp {

// Signed, as NumPy's and Eigen's: differences of indices are meaningful and never wrap.
using Index = std::ptrdiff_t;

// Puts every buffer on a cache line, so that the widest vector loads of a row never straddle two.
template <class T>
struct CacheLineAllocator {
    using value_type = T;
    static constexpr std::align_val_t alignment{64};

    CacheLineAllocator() = default;
    template <class U>
    explicit CacheLineAllocator(const CacheLineAllocator<U>& /*other*/) {}

    T* allocate(std::size_t count) {
        if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) {
            throw std::bad_array_new_length();
        }
        return static_cast<T*>(::operator new(count * sizeof(T), alignment));
    }
    void deallocate(T* pointer, std::size_t /*count*/) { ::operator delete(pointer, alignment); }

    friend bool operator==(const CacheLineAllocator& /*one*/, const CacheLineAllocator& /*other*/) {
        return true;
    }
};

template <class T>
using Buffer = std::vector<T, CacheLineAllocator<T>>;

}  // namespace jetmlp
