// The transpose of a matrix in square blocks of 16-byte vectors: every level has the shuffles for
// those.
#pragma once

#include <jetmlp/machine/types.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace jetmlp::kernels {

template <class T>
inline constexpr Index transposed_block = 16 / static_cast<Index>(sizeof(T));

// Interleaves the low halves of two 16-byte vectors, or their high halves.
#if defined(__clang__)
#define JETMLP_INTERLEAVE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define JETMLP_INTERLEAVE(a, b, ...) __builtin_shuffle(a, b, decltype(order_of(a)){__VA_ARGS__})
#endif

typedef float FourFloats __attribute__((vector_size(16)));
typedef double TwoDoubles __attribute__((vector_size(16)));
typedef std::int32_t FourIntegers __attribute__((vector_size(16)));
typedef std::int64_t TwoIntegers __attribute__((vector_size(16)));
FourIntegers order_of(FourFloats);
TwoIntegers order_of(TwoDoubles);

inline void transpose_block(const float* from, Index from_stride, float* to, Index to_stride) {
    FourFloats rows[4];
    for (Index i = 0; i < 4; ++i) {
        std::memcpy(&rows[i], from + i * from_stride, sizeof rows[i]);
    }
    const FourFloats low02 = JETMLP_INTERLEAVE(rows[0], rows[2], 0, 4, 1, 5);
    const FourFloats low13 = JETMLP_INTERLEAVE(rows[1], rows[3], 0, 4, 1, 5);
    const FourFloats high02 = JETMLP_INTERLEAVE(rows[0], rows[2], 2, 6, 3, 7);
    const FourFloats high13 = JETMLP_INTERLEAVE(rows[1], rows[3], 2, 6, 3, 7);
    const FourFloats columns[4] = {JETMLP_INTERLEAVE(low02, low13, 0, 4, 1, 5),
                                   JETMLP_INTERLEAVE(low02, low13, 2, 6, 3, 7),
                                   JETMLP_INTERLEAVE(high02, high13, 0, 4, 1, 5),
                                   JETMLP_INTERLEAVE(high02, high13, 2, 6, 3, 7)};
    for (Index i = 0; i < 4; ++i) {
        std::memcpy(to + i * to_stride, &columns[i], sizeof columns[i]);
    }
}

inline void transpose_block(const double* from, Index from_stride, double* to, Index to_stride) {
    TwoDoubles rows[2];
    std::memcpy(&rows[0], from, sizeof rows[0]);
    std::memcpy(&rows[1], from + from_stride, sizeof rows[1]);
    const TwoDoubles first = JETMLP_INTERLEAVE(rows[0], rows[1], 0, 2);
    const TwoDoubles second = JETMLP_INTERLEAVE(rows[0], rows[1], 1, 3);
    std::memcpy(to, &first, sizeof first);
    std::memcpy(to + to_stride, &second, sizeof second);
}

#undef JETMLP_INTERLEAVE

// to (columns, rows) = fromᵀ for from (rows, columns), both row-major with a stride.
template <class T>
void transpose(Index rows, Index columns, const T* from, Index from_stride, T* to,
               Index to_stride) {
    constexpr Index block = transposed_block<T>;
    const Index whole_rows = rows - rows % block;
    const Index whole_columns = columns - columns % block;
    for (Index i = 0; i < whole_rows; i += block) {
        for (Index j = 0; j < whole_columns; j += block) {
            transpose_block(from + i * from_stride + j, from_stride, to + j * to_stride + i,
                            to_stride);
        }
    }
    for (Index i = 0; i < rows; ++i) {
        for (Index j = i < whole_rows ? whole_columns : 0; j < columns; ++j) {
            to[j * to_stride + i] = from[i * from_stride + j];
        }
    }
}

}  // namespace jetmlp::kernels
