// The one matrix product that everything here is made of, in register tiles.
//
// C (M×N) = A (M×K) · B (K×N), or C += A·B. The rows of B and C are contiguous and N is a multiple
// of the vector length; A is read one number at a time, through two strides, so it may as well be
// a transposed matrix. With rows as samples and W kept as (n_out, n_in) and transposed, the three
// products of a layer are all of this form and none sums across lanes:
//   forward   Z  = A Wᵀ        backward  Ā = Z̄ W        gradient  W̄ += Z̄ᵀ A
//
// The register tile: a block of C of tile_rows × tile_vectors vectors stays in registers while k
// runs. Each step loads tile_vectors vectors of B, and for each row broadcasts one number of A and
// issues tile_vectors fused multiply-adds. 6 × 4 = 24 sums leave room for B and A in the 32
// registers of AVX-512, 6 × 2 = 12 in the 16 of the others, and hide the latency of the
// multiply-add, which needs about 8 of them under way.
#pragma once

#include "vector.hpp"

#include <jetmlp/types.hpp>

namespace jetmlp::kernels {

template <class T>
struct Strided {  // element (i, k) of A is data[i·row + k·column]
    const T* data;
    Index row;
    Index column;
};

inline constexpr int tile_rows = 6;
inline constexpr int tile_vectors = vector_bytes == 64 ? 4 : 2;

template <int Rows, int Vectors, class T>
inline void product_tile(Index inner, Strided<T> a, const T* b, Index b_stride, T* c,
                         Index c_stride, bool accumulate) {
    Vector<T> sums[Rows][Vectors];
#pragma GCC unroll 6
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j) {
            sums[i][j] = accumulate ? load(c + i * c_stride + j * lanes<T>) : Vector<T>{};
        }
    }
    for (Index k = 0; k < inner; ++k) {
        Vector<T> row[Vectors];
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j) {
            row[j] = load(b + k * b_stride + j * lanes<T>);
        }
#pragma GCC unroll 6
        for (int i = 0; i < Rows; ++i) {
            const T factor = a.data[i * a.row + k * a.column];
#pragma GCC unroll 4
            for (int j = 0; j < Vectors; ++j) {
                sums[i][j] += factor * row[j];
            }
        }
    }
#pragma GCC unroll 6
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j) {
            store(c + i * c_stride + j * lanes<T>, sums[i][j]);
        }
    }
}

// A column of tiles, the last of them with the rows that are left.
template <int Vectors, class T>
inline void product_column(Index rows, Index inner, Strided<T> a, const T* b, Index b_stride, T* c,
                           Index c_stride, bool accumulate) {
    for (; rows >= tile_rows; rows -= tile_rows) {
        product_tile<tile_rows, Vectors>(inner, a, b, b_stride, c, c_stride, accumulate);
        a.data += tile_rows * a.row;
        c += tile_rows * c_stride;
    }
    const auto remainder = [&]<int Rows>() {
        product_tile<Rows, Vectors>(inner, a, b, b_stride, c, c_stride, accumulate);
    };
    switch (rows) {
        case 1:
            return remainder.template operator()<1>();
        case 2:
            return remainder.template operator()<2>();
        case 3:
            return remainder.template operator()<3>();
        case 4:
            return remainder.template operator()<4>();
        case 5:
            return remainder.template operator()<5>();
        default:
            return;
    }
}

template <class T>
void product(Index rows, Index columns, Index inner, Strided<T> a, const T* b, Index b_stride, T* c,
             Index c_stride, bool accumulate) {
    const auto column = [&]<int Vectors>(Index j) {
        product_column<Vectors>(rows, inner, a, b + j, b_stride, c + j, c_stride, accumulate);
    };
    constexpr Index tile_columns = tile_vectors * lanes<T>;
    Index j = 0;
    for (; j + tile_columns <= columns; j += tile_columns) {
        column.template operator()<tile_vectors>(j);
    }
    if constexpr (tile_vectors == 4) {
        if (j + 2 * lanes<T> <= columns) {
            column.template operator()<2>(j);
            j += 2 * lanes<T>;
        }
    }
    if (j < columns) {
        column.template operator()<1>(j);
    }
}

// Sums across lanes always run over this many, whatever the vectors of a level hold, so that the
// levels with fused multiply-add give the same bytes.
template <class T>
inline constexpr Index dot_lanes = 64 / static_cast<Index>(sizeof(T));

// Up to this many outputs, sums across lanes cost less than the lanes that padding leaves empty.
template <class T>
inline constexpr Index most_dots = dot_lanes<T> / 4;

// The dot product of `count` numbers: dot_lanes partial sums, added pairwise by halves.
template <class T>
inline T dot(Index count, const T* a, const T* b) {
    constexpr Index vectors = dot_lanes<T> / lanes<T>;
    Vector<T> sums[vectors] = {};
    for (Index first = 0; first < count; first += dot_lanes<T>) {
#pragma GCC unroll 4
        for (Index j = 0; j < vectors; ++j) {
            const Index at = first + j * lanes<T>;
            if (vectors == 1 || at < count) {
                sums[j] += load(a + at) * load(b + at);
            }
        }
    }
    T parts[dot_lanes<T>];
    std::memcpy(parts, sums, sizeof parts);
#pragma GCC unroll 4
    for (Index half = dot_lanes<T> / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
        for (Index i = 0; i < half; ++i) {
            parts[i] += parts[i + half];
        }
    }
    return parts[0];
}

// C (rows × outputs) = A Wᵀ as dot products of rows: A (rows, inner), W (outputs, inner), where
// inner is a multiple of the vector length and the padding of W is zero.
template <class T>
void product_of_rows(Index rows, Index outputs, Index inner, const T* a, const T* w, T* c,
                     Index c_stride) {
    for (Index row = 0; row < rows; ++row) {
        for (Index o = 0; o < outputs; ++o) {
            c[row * c_stride + o] = dot(inner, a + row * inner, w + o * inner);
        }
    }
}

}  // namespace jetmlp::kernels
