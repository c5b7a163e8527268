#include "linear_algebra/symmetric_update.hpp"

#include "kernels/vector.hpp"
#include "linear_algebra/sums.hpp"

#include <jetmlp/machine/checked_size.hpp>

#include <algorithm>
#include <cmath>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::store;
using kernels::Vector;

namespace {

// Column j of a row is added to partial sum j mod 8, whatever the length of the vectors.
constexpr Index n_sums = 8;
constexpr Index n_vectors = n_sums / lanes<double>;
constexpr Index tile_columns = 256;

double sum_of(double (&sums)[n_sums]) {
    for (Index half = n_sums / 2; half > 0; half /= 2) {
        for (Index i = 0; i < half; ++i) {
            sums[i] += sums[i + half];
        }
    }
    return sums[0];
}

}  // namespace

void SymmetricProduct::run(SymmetricMatrix& matrix, const SymmetricUpdate& update,
                           const Pair& factors, Pair& products, Execution& execution) {
    // By the number of rows alone: as many tasks as keep a few threads busy, of equal areas.
    const Index n = matrix.size;
    const Index stride = matrix.stride;
    const Index n_tasks = std::clamp(n / 64, Index{1}, Index{16});
    sums_.assign(count_of(Index{2}, n_tasks, stride), 0.0);
    const auto first_row = [n, n_tasks](Index task) {
        const double left =
            1.0 - static_cast<double>(task) / static_cast<double>(n_tasks);  // of the triangle
        return n - static_cast<Index>(static_cast<double>(n) * std::sqrt(left));
    };
    execution.team.run(n_tasks, [&](Index task, int) {
        execution.interrupt.poll();
        double* const sums = sums_.data() + 2 * task * stride;
        run_rows(first_row(task), first_row(task + 1), matrix, update, factors, sums,
                 sums + stride);
    });
    for (std::size_t which = 0; which < 2; ++which) {
        Buffer<double>& product = products[which];
        std::ranges::fill(product, 0.0);
        for (Index task = 0; task < n_tasks; ++task) {
            const double* const sums =
                sums_.data() + (2 * task + static_cast<Index>(which)) * stride;
            for (Index j = first_row(task); j < n; ++j) {
                product[static_cast<std::size_t>(j)] += sums[j];
            }
        }
    }
}

// Row i from the diagonal on gives product i its sum, and the products behind it its multiples by
// factor i. It is taken in tiles of columns, whose parts of the six vectors stay in the first-level
// cache. In the block of columns where the diagonal lies, what stands left of it is kept up to date
// as well, and is left out of the products.
void SymmetricProduct::run_rows(Index first, Index end, SymmetricMatrix& matrix,
                                const SymmetricUpdate& update, const Pair& factors, double* sums_0,
                                double* sums_1) {
    const double* const s = update.s.data();
    const double* const u = update.u.data();
    const double* const x = factors[0].data();
    const double* const y = factors[1].data();
    const double scale = update.scale;
    for (Index tile = first / n_sums * n_sums; tile < matrix.stride; tile += tile_columns) {
        const Index tile_end = std::min(tile + tile_columns, matrix.stride);
        for (Index i = first; i < std::min(end, tile_end); ++i) {
            double* const row = matrix.row(i);
            const double of_s = update.ss * s[i] + update.su * u[i];
            const double of_u = update.su * s[i] + update.uu * u[i];
            const double x_i = x[i];
            const double y_i = y[i];
            const auto updated = [=](Index j) {
                Vector<double> entry = scale * load(row + j);
                entry += of_s * load(s + j);
                entry += of_u * load(u + j);
                store(row + j, entry);
                return entry;
            };
            double partial[2][n_sums]{};
            Index begin = tile;
            if (i >= tile) {
                const Index head = i / n_sums * n_sums;
                begin = std::min(head + n_sums, tile_end);
                for (Index j = head; j < begin; j += lanes<double>) {
                    updated(j);
                }
                for (Index j = i; j < begin; ++j) {
                    partial[0][j - head] = row[j] * x[j];
                    partial[1][j - head] = row[j] * y[j];
                }
                for (Index j = i + 1; j < begin; ++j) {
                    sums_0[j] = add_product(sums_0[j], row[j], x_i);
                    sums_1[j] = add_product(sums_1[j], row[j], y_i);
                }
            }
            Vector<double> sums[2][n_vectors];
            for (Index v = 0; v < n_vectors; ++v) {
                sums[0][v] = load(partial[0] + v * lanes<double>);
                sums[1][v] = load(partial[1] + v * lanes<double>);
            }
            const auto multiply = [&](Index j, Index v) {
                const Vector<double> entry = updated(j);
                sums[0][v] += entry * load(x + j);
                sums[1][v] += entry * load(y + j);
                store(sums_0 + j, load(sums_0 + j) + x_i * entry);
                store(sums_1 + j, load(sums_1 + j) + y_i * entry);
            };
            Index block = begin;
            for (; block + n_sums <= tile_end; block += n_sums) {
#pragma GCC unroll 8
                for (Index v = 0; v < n_vectors; ++v) {
                    multiply(block + v * lanes<double>, v);
                }
            }
            for (Index v = 0; block + v * lanes<double> < tile_end; ++v) {
                multiply(block + v * lanes<double>, v);
            }
            for (Index v = 0; v < n_vectors; ++v) {
                store(partial[0] + v * lanes<double>, sums[0][v]);
                store(partial[1] + v * lanes<double>, sums[1][v]);
            }
            sums_0[i] += sum_of(partial[0]);
            sums_1[i] += sum_of(partial[1]);
        }
    }
}

}  // namespace jetmlp
