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

// Rows of a strip are finished together, columns in vectors; a panel is a few strips that take what
// all rows above have to give in one product. Both are whole vectors, the panel whole tiles too.
constexpr Index strip_rows = 8;
constexpr Index panel_rows = 24;
// Columns that a thread takes at a time.
constexpr Index task_columns = 256;

}  // namespace

// Row by row of U, with M = −(K + λI), whose sign lets every update be a sum:
//   M_ic ← M_ic + Σ_{k<i} U_ki U_kc,  U_ii = √−M_ii,  U_ic = −M_ic / U_ii for c > i.
bool Cholesky::factor(const SymmetricMatrix& matrix, double shift, Execution& execution) {
    if (factor_.size != matrix.size) {
        factor_.resize(matrix.size);
    }
    const Index n = matrix.size;
    const Index stride = factor_.stride;
    const Index columns = padded<double>(n);
    double* const u = factor_.entries.data();
    for (Index i = 0; i < n; ++i) {
        const double* const from = matrix.row(i);
        double* const to = factor_.row(i);
        for (Index j = i / lanes<double> * lanes<double>; j < columns; j += lanes<double>) {
            store(to + j, -load(from + j));
        }
        to[i] -= shift;
    }
    for (Index first = 0; first < n; first += panel_rows) {
        execution.interrupt.poll();
        const Index n_rows = std::min(panel_rows, n - first);
        if (first > 0) {
            const Index n_tasks = (columns - first + task_columns - 1) / task_columns;
            execution.team.run(n_tasks, [&](Index task, int) {
                execution.interrupt.poll();
                const Index begin = first + task * task_columns;
                kernels::product<double>(n_rows, std::min(task_columns, columns - begin), first,
                                         {u + first, 1, stride}, u + begin, stride,
                                         u + first * stride + begin, stride, true);
            });
        }
        for (Index strip = first; strip < first + n_rows; strip += strip_rows) {
            const Index n_strip = std::min(strip_rows, first + n_rows - strip);
            if (strip > first) {
                kernels::product<double>(n_strip, columns - strip, strip - first,
                                         {u + first * stride + strip, 1, stride},
                                         u + first * stride + strip, stride,
                                         u + strip * stride + strip, stride, true);
            }
            if (!factor_strip(strip, n_strip)) {
                return false;
            }
        }
    }
    return true;
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

}  // namespace jetmlp
