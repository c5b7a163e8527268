// The widest vector of the instruction set that this core is built for, in the compiler's own
// vector extension (GCC and Clang): +, −, ×, ÷, comparisons and `mask ? a : b` work on all lanes at
// once, and a product feeding a sum becomes one fused multiply-add where the processor has it.
// The kernels are written once in terms of it, for every type and every instruction-set level.
#pragma once

#include <jetmlp/machine/types.hpp>

#include <cstdint>
#include <cstring>
#include <type_traits>

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
using SignedInteger = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

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

// Lane i of the result is lane[i] of x followed by y.
template <class T, Index... lane>
inline Vector<T> shuffle(const Vector<T>& x, const Vector<T>& y) {
#if defined(__clang__)
    return __builtin_shufflevector(x, y, lane...);
#else
    return __builtin_shuffle(x, y, IntegerVector<T>{lane...});
#endif
}

// Several vectors side by side. An expression of packs issues each of its operations for all parts
// before the next, so that the parts' chains of dependent operations run at the same time: the long
// chain of an activation would otherwise leave the processor waiting.
template <class T, int N>
struct Pack {
    Vector<T> part[N];
};

// f on each part by itself.
template <class T, int N, class F, class... Others>
inline Pack<T, N> map(F f, const Pack<T, N>& first, const Others&... others) {
    Pack<T, N> result;
#pragma GCC unroll 4
    for (int j = 0; j < N; ++j) {
        result.part[j] = f(first.part[j], others.part[j]...);
    }
    return result;
}

#define JETMLP_PACK_OPERATOR(op)                                                         \
    template <class T, int N>                                                            \
    inline Pack<T, N> operator op(const Pack<T, N>& a, const Pack<T, N>& b) {            \
        return map([](const Vector<T>& x, const Vector<T>& y) { return x op y; }, a, b); \
    }                                                                                    \
    template <class T, int N>                                                            \
    inline Pack<T, N> operator op(const Pack<T, N>& a, std::type_identity_t<T> b) {      \
        return map([b](const Vector<T>& x) { return x op b; }, a);                       \
    }                                                                                    \
    template <class T, int N>                                                            \
    inline Pack<T, N> operator op(std::type_identity_t<T> a, const Pack<T, N>& b) {      \
        return map([a](const Vector<T>& y) { return a op y; }, b);                       \
    }
JETMLP_PACK_OPERATOR(+)
JETMLP_PACK_OPERATOR(-)
JETMLP_PACK_OPERATOR(*)
JETMLP_PACK_OPERATOR(/)
#undef JETMLP_PACK_OPERATOR

template <class T, int N>
inline Pack<T, N> operator-(const Pack<T, N>& a) {
    return map([](const Vector<T>& x) { return -x; }, a);
}

template <int N, class T>
inline Pack<T, N> load_pack(const T* from) {
    Pack<T, N> pack;
#pragma GCC unroll 4
    for (int j = 0; j < N; ++j) {
        pack.part[j] = load(from + j * lanes<T>);
    }
    return pack;
}

template <class T, int N>
inline void store(T* to, const Pack<T, N>& pack) {
#pragma GCC unroll 4
    for (int j = 0; j < N; ++j) {
        store(to + j * lanes<T>, pack.part[j]);
    }
}

// Calls f.operator()<n>(at) for packs of n vectors that cover [0, size), a multiple of the vector
// length: N at a time, then one.
template <class T, int N, class F>
inline void for_each_pack(Index size, const F& f) {
    Index at = 0;
    for (; at + N * lanes<T> <= size; at += N * lanes<T>) {
        f.template operator()<N>(at);
    }
    for (; at < size; at += lanes<T>) {
        f.template operator()<1>(at);
    }
}

}  // namespace jetmlp::kernels
