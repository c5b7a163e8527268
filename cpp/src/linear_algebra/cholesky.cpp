#include "linear_algebra/cholesky.hpp"

#include "kernels/product.hpp"
#include "linear_algebra/sums.hpp"

#include <algorithm>
#include <cmath>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::padded;
using kernels::store;
using kernels::Vector;

namespace {

// Rows of a strip are finished together, columns in vectors. A panel is a few strips, which take in
// one product what the rows above them in their block have to give; a block is a few panels, and
// gives all of it to the rows below in one product that reads and writes each of them once. Strips
// and panels are whole vectors, panels and blocks whole tiles of the product too.
constexpr Index strip_rows = 8;
constexpr Index panel_rows = 24;
constexpr Index block_rows = 96;
// What a thread takes at a time: 96 rows by 256 columns of a block stay in the second-level cache.
constexpr Index task_rows = 48;
constexpr Index task_columns = 256;

}  // namespace

// Row by row of U, with M = −(K + λI), whose sign lets every update be a sum:
//   M_ic ← M_ic + Σ_{k<i} U_ki U_kc,  U_ii = √−M_ii,  U_ic = −M_ic / U_ii for c > i.
bool Cholesky::factor(const SymmetricMatrix& matrix, double shift, Execution& execution) {
    if (factor_.size != matrix.size) {
        factor_.resize(matrix.size);
    }
    const Index n = matrix.size;
    const Index columns = padded<double>(n);
    for (Index i = 0; i < n; ++i) {
        const double* const from = matrix.row(i);
        double* const to = factor_.row(i);
        for (Index j = i / lanes<double> * lanes<double>; j < columns; j += lanes<double>) {
            store(to + j, -load(from + j));
        }
        to[i] -= shift;
    }
    for (Index first = 0; first < n; first += block_rows) {
        const Index n_rows = std::min(block_rows, n - first);
        if (!factor_block(first, n_rows, execution)) {
            return false;
        }
        update_below(first, n_rows, execution);
    }
    return true;
}

bool Cholesky::factor_block(Index first, Index n_rows, Execution& execution) {
    const Index stride = factor_.stride;
    const Index columns = padded<double>(factor_.size);
    double* const u = factor_.entries.data();
    for (Index panel = first; panel < first + n_rows; panel += panel_rows) {
        execution.interrupt.poll();
        const Index n_panel = std::min(panel_rows, first + n_rows - panel);
        if (panel > first) {
            const Index n_tasks = (columns - panel + task_columns - 1) / task_columns;
            execution.team.run(n_tasks, [&](Index task, int) {
                const Index begin = panel + task * task_columns;
                kernels::product<double>(n_panel, std::min(task_columns, columns - begin),
                                         panel - first, {u + first * stride + panel, 1, stride},
                                         u + first * stride + begin, stride,
                                         u + panel * stride + begin, stride, true);
            });
        }
        for (Index strip = panel; strip < panel + n_panel; strip += strip_rows) {
            const Index n_strip = std::min(strip_rows, panel + n_panel - strip);
            if (strip > panel) {
                kernels::product<double>(n_strip, columns - strip, strip - panel,
                                         {u + panel * stride + strip, 1, stride},
                                         u + panel * stride + strip, stride,
                                         u + strip * stride + strip, stride, true);
            }
            if (!factor_strip(strip, n_strip)) {
                return false;
            }
        }
    }
    return true;
}

// A task is a tile on or above the diagonal, one of the tiles in a triangle of rows by columns.
void Cholesky::update_below(Index first, Index n_rows, Execution& execution) {
    const Index stride = factor_.stride;
    const Index columns = padded<double>(factor_.size);
    const Index below = first + n_rows;
    double* const u = factor_.entries.data();
    tiles_.clear();
    for (Index row = below; row < factor_.size; row += task_rows) {
        for (Index column = row; column < columns; column += task_columns) {
            tiles_.emplace_back(row, column);
        }
    }
    execution.team.run(static_cast<Index>(tiles_.size()), [&](Index task, int) {
        execution.interrupt.poll();
        const auto [row, column] = tiles_[static_cast<std::size_t>(task)];
        kernels::product<double>(std::min(task_rows, factor_.size - row),
                                 std::min(task_columns, columns - column), n_rows,
                                 {u + first * stride + row, 1, stride}, u + first * stride + column,
                                 stride, u + row * stride + column, stride, true);
    });
}

bool Cholesky::factor_strip(Index first, Index n_rows) {
    const Index stride = factor_.stride;
    double* const corner = factor_.entries.data() + first * stride + first;
    double inverse[strip_rows];
    for (Index i = 0; i < n_rows; ++i) {
        double* const row = corner + i * stride;
        for (Index k = 0; k < i; ++k) {
            const double factor = corner[k * stride + i];
            for (Index c = i; c < n_rows; ++c) {
                row[c] += factor * corner[k * stride + c];
            }
        }
        const double pivot = -row[i];
        const bool usable = pivot > 0.0 && std::isfinite(pivot);  // not NaN
        if (!usable) {
            return false;
        }
        row[i] = std::sqrt(pivot);
        inverse[i] = 1.0 / row[i];
        for (Index c = i + 1; c < n_rows; ++c) {
            row[c] *= -inverse[i];
        }
    }
    if (n_rows < strip_rows) {  // the last rows: there are no columns beyond
        return true;
    }
    const Index columns = padded<double>(factor_.size) - first;
    for (Index c = strip_rows; c < columns; c += lanes<double>) {
        Vector<double> x[strip_rows];
#pragma GCC unroll 8
        for (Index i = 0; i < strip_rows; ++i) {
            Vector<double> sum = load(corner + i * stride + c);
#pragma GCC unroll 8
            for (Index k = 0; k < i; ++k) {
                sum += corner[k * stride + i] * x[k];
            }
            x[i] = -inverse[i] * sum;
            store(corner + i * stride + c, x[i]);
        }
    }
    return true;
}

void Cholesky::solve(const double* b, double* x) const {
    const Index n = factor_.size;
    std::copy_n(b, n, x);
    for (Index i = 0; i < n; ++i) {  // Uᵀ y = b
        const double* const row = factor_.row(i);
        const double y = x[i] / row[i];
        x[i] = y;
        for (Index j = i + 1; j < n; ++j) {
            x[j] -= y * row[j];
        }
    }
    for (Index i = n; i-- > 0;) {  // U x = y
        const double* const row = factor_.row(i);
        const Index behind = i + 1;
        x[i] = (x[i] - inner_product(n - behind, row + behind, x + behind)) / row[i];
    }
}

void Cholesky::raise_diagonal() {
    for (Index i = 0; i < factor_.size; ++i) {
        factor_.row(i)[i] += 1.0;
    }
}

// Row by row of X = U⁻ᵀ B, with −B in the place of what is not yet solved, so that every update is
// a sum:  X_i = −(−B_i + Σ_{k<i} U_ki X_k) / U_ii.
void Cholesky::substitute_forward(double* b, Index n_columns, Index stride, bool lower,
                                  Execution& execution) const {
    const Index n = factor_.size;
    const Index columns = padded<double>(n_columns);
    const double* const u = factor_.entries.data();
    const Index n_tasks = (columns + task_columns - 1) / task_columns;
    execution.team.run(n_tasks, [&](Index task, int) {
        const Index begin = task * task_columns;
        const Index all = std::min(task_columns, columns - begin);
        // Rows above the first column of the task stay zero.
        const Index top = lower ? begin / panel_rows * panel_rows : 0;
        for (Index first = top; first < n; first += panel_rows) {
            execution.interrupt.poll();
            const Index n_rows = std::min(panel_rows, n - first);
            const Index width = lower ? std::min(all, padded<double>(first + n_rows) - begin) : all;
            double* const rows = b + first * stride + begin;
            for (Index i = 0; i < n_rows; ++i) {
                for (Index c = 0; c < width; c += lanes<double>) {
                    store(rows + i * stride + c, -load(rows + i * stride + c));
                }
            }
            if (first > top) {
                kernels::product<double>(n_rows, width, first - top,
                                         {u + top * factor_.stride + first, 1, factor_.stride},
                                         b + top * stride + begin, stride, rows, stride, true);
            }
            for (Index i = 0; i < n_rows; ++i) {
                double* const row = rows + i * stride;
                for (Index k = 0; k < i; ++k) {
                    const double factor = u[(first + k) * factor_.stride + first + i];
                    for (Index c = 0; c < width; c += lanes<double>) {
                        store(row + c, load(row + c) + factor * load(rows + k * stride + c));
                    }
                }
                const double inverse = -1.0 / u[(first + i) * factor_.stride + first + i];
                for (Index c = 0; c < width; c += lanes<double>) {
                    store(row + c, inverse * load(row + c));
                }
            }
        }
    });
}

double Cholesky::log_determinant() const {
    double sum = 0.0;
    for (Index i = 0; i < factor_.size; ++i) {
        sum += std::log(factor_.row(i)[i]);
    }
    return 2.0 * sum;
}

}  // namespace jetmlp
