// The widest vector of the instruction set that this core is built for, in the compiler's own
// vector extension (GCC and Clang): +, −, ×, ÷, comparisons and `mask ? a : b` work on all lanes at
// once, and a product feeding a sum becomes one fused multiply-add where the processor has it.
// The kernels are written once in terms of it, for every type and every instruction-set level.
#pragma once

#include <jetmlp/types.hpp>

#include <cstdint>
#include <cstring>

namespace jetmlp::kernels {

#if defined(__AVX512F__)
inline constexpr std::size_t vector_bytes = 64;
#elif defined(__AVX__)
inline constexpr std::size_t vector_bytes = 32;
#else
inline constexpr std::size_t vector_bytes = 16;
#endif

template <class T>
struct VectorTypes;

template <>
struct VectorTypes<float> {
    typedef float type __attribute__((vector_size(vector_bytes)));
    typedef std::int32_t integers __attribute__((vector_size(vector_bytes)));
};

template <>
struct VectorTypes<double> {
    typedef double type __attribute__((vector_size(vector_bytes)));
    typedef std::int64_t integers __attribute__((vector_size(vector_bytes)));
};

template <class T>
using Vector = typename VectorTypes<T>::type;
template <class T>
using IntegerVector = typename VectorTypes<T>::integers;

template <class T>
inline constexpr Index lanes = static_cast<Index>(vector_bytes / sizeof(T));

// Rows are padded to whole vectors, so the kernels have no remainder along the features.
template <class T>
constexpr Index padded(Index count) {
    return (count + lanes<T> - 1) / lanes<T> * lanes<T>;
}

// memcpy is how C++ spells an unaligned load or store; it compiles to one instruction.
template <class T>
inline Vector<T> load(const T* from) {
    Vector<T> v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

template <class T>
inline void store(T* to, const Vector<T>& v) {
    std::memcpy(to, &v, sizeof v);
}

template <class T>
inline Vector<T> broadcast(T x) {
    return x - Vector<T>{};  // x − 0 is x, the sign of zero included
}

template <class T>
inline IntegerVector<T> bits_of(const Vector<T>& v) {
    IntegerVector<T> bits;
    std::memcpy(&bits, &v, sizeof v);
    return bits;
}

template <class T>
inline Vector<T> from_bits(const IntegerVector<T>& bits) {
    Vector<T> v;
    std::memcpy(&v, &bits, sizeof v);
    return v;
}

}  // namespace jetmlp::kernels
