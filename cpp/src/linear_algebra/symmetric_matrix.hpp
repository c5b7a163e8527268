// Square matrices of which only the upper triangle is kept, row by row.
#pragma once

#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/parts.hpp>
#include <jetmlp/machine/types.hpp>

#include <cstddef>

namespace jetmlp {

// A row length in whole cache lines, an odd number of them: rows of a power of two would all fall
// into the same few sets of the caches.
inline Index odd_lines(Index count) {
    constexpr Index line = 64 / static_cast<Index>(sizeof(double));
    const Index lines = (count + line - 1) / line;
    return (lines + 1 - lines % 2) * line;
}

// Entry (i, j), i ≤ j, stands at [i·stride + j]; what lies left of the diagonal means nothing. The
// columns from `size` up to the stride are zero, so that whole vectors may be read.
struct SymmetricMatrix {
    Index size = 0;
    Index stride = 0;
    Buffer<double> entries;

    void resize(Index new_size) {
        size = new_size;
        stride = odd_lines(new_size);
        zero_in_parts(entries, checked_product(size, stride));
    }
    [[nodiscard]] double* row(Index i) { return entries.data() + i * stride; }
    [[nodiscard]] const double* row(Index i) const { return entries.data() + i * stride; }

    [[nodiscard]] double trace() const {
        double sum = 0.0;
        for (Index i = 0; i < size; ++i) {
            sum += row(i)[i];
        }
        return sum;
    }
};

}  // namespace jetmlp
