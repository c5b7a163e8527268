// The one matrix product that everything here is made of, in register tiles.
//
// C (M×N) = C₀ + A (M×K) · B (K×N), where C₀ is zero, C itself, or a bias for every row. The rows
// of B and C are contiguous and N is a multiple of the vector length; A is read one number at a
// time, through two strides, so it may as well be a transposed matrix. With rows as samples and W
// kept as (n_out, n_in) and transposed, the three products of a layer are all of this form and none
// sums across lanes:
//   forward   Z  = A Wᵀ        backward  Ā = Z̄ W        gradient  W̄ += Z̄ᵀ A
//
// The register tile: a block of C of tile_rows × tile_vectors vectors stays in registers while k
// runs. Each step loads tile_vectors vectors of B, and for each row broadcasts one number of A and
// issues tile_vectors fused multiply-adds. 6 × 4 = 24 sums leave room for B and A in the 32
// registers of AVX-512, 6 × 2 = 12 in the 16 of the others, and hide the latency of the
// multiply-add, which needs about 8 of them under way.
#pragma once

#include "kernels/vector.hpp"

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>

#include <algorithm>
#include <utility>

namespace jetmlp::kernels {

template <class T>
struct Strided {  // element (i, k) of A is data[i·row + k·column]
    const T* data;
    Index row;
    Index column;
};

template <class T>
struct Start {  // C₀: element (i, j) is data[i·row + j] in the first `rows` rows, 0 in the others
    const T* data = nullptr;
    Index row = 0;
    Index rows = 0;

    [[nodiscard]] Start right(Index columns) const {
        return {rows > 0 ? data + columns : data, row, rows};
    }
    [[nodiscard]] Start below(Index n) const {
        return rows > n ? Start{data + n * row, row, rows - n} : Start{};
    }
};

inline constexpr int tile_rows = 6;
inline constexpr int tile_vectors = vector_bytes == 64 ? 4 : 2;

template <int Rows, int Vectors, class T>
[[gnu::always_inline]] inline void product_tile(Index inner, Strided<T> a, const T* b,
                                                Index b_stride, Start<T> start, T* c,
                                                Index c_stride) {
    Vector<T> sums[Rows][Vectors];
#pragma GCC unroll 6
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j) {
            sums[i][j] =
                i < start.rows ? load(start.data + i * start.row + j * lanes<T>) : Vector<T>{};
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
inline void product_column(Index rows, Index inner, Strided<T> a, const T* b, Index b_stride,
                           Start<T> start, T* c, Index c_stride) {
    for (; rows >= tile_rows; rows -= tile_rows) {
        product_tile<tile_rows, Vectors>(inner, a, b, b_stride, start, c, c_stride);
        a.data += tile_rows * a.row;
        start = start.below(tile_rows);
        c += tile_rows * c_stride;
    }
    const auto remainder = [&]<int Rows>() {
        product_tile<Rows, Vectors>(inner, a, b, b_stride, start, c, c_stride);
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
void product_at_once(Index rows, Index columns, Index inner, Strided<T> a, const T* b,
                     Index b_stride, Start<T> start, T* c, Index c_stride) {
    const auto column = [&]<int Vectors>(Index j) {
        product_column<Vectors>(rows, inner, a, b + j, b_stride, start.right(j), c + j, c_stride);
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

// After so many multiplications at most it is time to look at the caller's wishes.
inline constexpr Index dear_product = 1 << 20;

template <class T>
void product(Index rows, Index columns, Index inner, Strided<T> a, const T* b, Index b_stride,
             Start<T> start, T* c, Index c_stride) {
    const Index of_column = rows * inner;
    if (of_column * columns <= dear_product) {
        product_at_once<T>(rows, columns, inner, a, b, b_stride, start, c, c_stride);
        return;
    }
    constexpr Index tile_columns = tile_vectors * lanes<T>;
    const Index n_tiles = std::max<Index>(1, dear_product / (of_column * tile_columns));
    const Index step = n_tiles * tile_columns;
    // The same tiles, whole ones but for the last: no number depends on how many at a time.
    const Index row_step =
        std::max<Index>(1, dear_product / (inner * step * tile_rows)) * tile_rows;
    for (Index j = 0; j < columns; j += step) {
        for (Index i = 0; i < rows; i += row_step) {
            poll_here();
            product_at_once<T>(std::min(row_step, rows - i), std::min(step, columns - j), inner,
                               {a.data + i * a.row, a.row, a.column}, b + j, b_stride,
                               start.below(i).right(j), c + i * c_stride + j, c_stride);
        }
    }
}

// C = A·B, or C += A·B.
template <class T>
void product(Index rows, Index columns, Index inner, Strided<T> a, const T* b, Index b_stride, T* c,
             Index c_stride, bool accumulate) {
    const Start<T> start = accumulate ? Start<T>{c, c_stride, rows} : Start<T>{};
    product<T>(rows, columns, inner, a, b, b_stride, start, c, c_stride);
}

// Sums across lanes always run over this many, whatever the vectors of a level hold, so that the
// levels with fused multiply-add give the same bytes.
template <class T>
inline constexpr Index dot_lanes = 64 / static_cast<Index>(sizeof(T));

// Up to this many outputs, sums across lanes cost less than the lanes that padding leaves empty.
template <class T>
inline constexpr Index most_dots = dot_lanes<T> / 4;

// The products of `count` numbers, summed into the lanes of one vector: dot_lanes partial sums, of
// which those that are half of them apart are added until one vector is left.
template <class T>
inline Vector<T> partial_dot(Index count, const T* a, const T* b) {
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
#pragma GCC unroll 2
    for (Index half = vectors / 2; half > 0; half /= 2) {
#pragma GCC unroll 2
        for (Index j = 0; j < half; ++j) {
            sums[j] += sums[j + half];
        }
    }
    return sums[0];
}

// Two vectors hold rows of 2·half lanes each, one after the other. Adds the halves of every row:
// the rows of x, then those of y, with half lanes each.
template <Index half, class T, std::size_t... lane>
inline Vector<T> add_halves(const Vector<T>& x, const Vector<T>& y,
                            std::index_sequence<lane...> /*all lanes*/) {
    constexpr auto low = [](Index i) { return i / half * 2 * half + i % half; };
    return shuffle<T, low(lane)...>(x, y) + shuffle<T, (low(lane) + half)...>(x, y);
}

// The sums over the lanes of as many vectors as a vector has lanes: neighbours are merged until
// lane i holds the sum of vector i, log₂(lanes) additions a sum instead of lanes − 1.
template <class T>
inline Vector<T> sums_of_lanes(Vector<T> (&rows)[lanes<T>]) {
    const auto merge = [&]<Index half>(auto&& self) {
#pragma GCC unroll 8
        for (Index i = 0; i < half; ++i) {
            rows[i] = add_halves<half, T>(rows[2 * i], rows[2 * i + 1],
                                          std::make_index_sequence<lanes<T>>());
        }
        if constexpr (half > 1) {
            self.template operator()<half / 2>(self);
        }
    };
    merge.template operator()<lanes<T> / 2>(merge);
    return rows[0];
}

// C (rows × outputs) = A Wᵀ, and + b in the first `biased` rows, as dot products of rows: A (rows,
// inner), W (outputs, inner), where inner is a multiple of the vector length and the padding of W
// is zero.
template <class T>
void product_of_rows(Index rows, Index outputs, Index inner, const T* a, const T* w, const T* b,
                     Index biased, T* c, Index c_stride) {
    const bool dear = rows * inner * outputs > dear_product;
    for (Index o = 0; o < outputs; ++o) {
        if (dear) {
            poll_here();
        }
        for (Index first = 0; first < rows; first += lanes<T>) {
            const Index count = std::min(lanes<T>, rows - first);
            Vector<T> partial[lanes<T>] = {};
            for (Index i = 0; i < count; ++i) {
                partial[i] = partial_dot(inner, a + (first + i) * inner, w + o * inner);
            }
            const Vector<T> sums = sums_of_lanes<T>(partial);
            for (Index i = 0; i < count; ++i) {
                c[(first + i) * c_stride + o] = first + i < biased ? b[o] + sums[i] : sums[i];
            }
        }
    }
}

}  // namespace jetmlp::kernels
