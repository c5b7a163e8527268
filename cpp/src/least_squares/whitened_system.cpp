#include "least_squares/whitened_system.hpp"

#include "kernels/product.hpp"
#include "kernels/transpose.hpp"
#include "linear_algebra/sums.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace jetmlp {

using kernels::padded;

namespace {

constexpr Index task_rows = 48;

// Σ over the rows of a matrix of the squares in each column.
void column_squares(const Panel& panel, Index n_rows, Buffer<double>& result) {
    std::ranges::fill(result, 0.0);
    for (Index i = 0; i < n_rows; ++i) {
        const double* const row = panel.row(i);
        for (std::size_t c = 0; c < result.size(); ++c) {
            result[c] = add_square(result[c], row[c]);
        }
    }
}

}  // namespace

WhitenedSystem::WhitenedSystem(Index n_residuals, Index n_parameters)
    : n_residuals_(n_residuals),
      n_parameters_(n_parameters),
      dual_(n_residuals < n_parameters),
      solution_(static_cast<std::size_t>(std::max(n_residuals, n_parameters))) {
    rows_.resize(n_residuals, n_parameters);
    columns_.resize(n_parameters, n_residuals);
    matrix_.resize(std::min(n_residuals, n_parameters));
}

void WhitenedSystem::assemble(const double* jacobian, const Buffer<double>& row_scales,
                              const Buffer<double>& column_scales, Execution& execution) {
    for (Index i = 0; i < n_residuals_; ++i) {
        const double* const from = jacobian + i * n_parameters_;
        double* const to = rows_.row(i);
        const double scale = row_scales[static_cast<std::size_t>(i)];
        for (Index p = 0; p < n_parameters_; ++p) {
            to[p] = scale * column_scales[static_cast<std::size_t>(p)] * from[p];
        }
    }
    kernels::transpose(n_residuals_, n_parameters_, rows_.row(0), rows_.stride, columns_.row(0),
                       columns_.stride);
    if (dual_) {
        product(rows_, columns_, n_parameters_, matrix_, execution);
    } else {
        product(columns_, rows_, n_residuals_, matrix_, execution);
    }
}

// The upper triangle of left · right.
void WhitenedSystem::product(const Panel& left, const Panel& right, Index inner,
                             SymmetricMatrix& result, Execution& execution) {
    const Index size = result.size;
    const Index columns = padded<double>(size);
    execution.team.run((size + task_rows - 1) / task_rows, [&](Index task, int) {
        execution.interrupt.poll();
        const Index first = task * task_rows;
        kernels::product<double>(std::min(task_rows, size - first), columns - first, inner,
                                 {left.row(first), left.stride, 1}, right.row(0) + first,
                                 right.stride, result.row(first) + first, result.stride, false);
    });
}

bool WhitenedSystem::factor(double shift, Execution& execution) {
    shift_ = shift;
    return cholesky_.factor(matrix_, shift, execution);
}

// Dual: (J̃ᵀJ̃ + σI)⁻¹ (J̃ᵀu + v) = J̃ᵀ (J̃J̃ᵀ + σI)⁻¹ (u − J̃v/σ) + v/σ, which unlike Woodbury's
// identity applied to the sum subtracts no two large numbers.
void WhitenedSystem::solve(const Buffer<double>& u, const Buffer<double>* v, Buffer<double>& step) {
    if (dual_) {
        if (v != nullptr) {
            push(*v, solution_);
            for (std::size_t i = 0; i < u.size(); ++i) {
                solution_[i] = u[i] - solution_[i] / shift_;
            }
        } else {
            std::ranges::copy(u, solution_.begin());
        }
        cholesky_.solve(solution_.data(), solution_.data());
        pull(solution_, step);
        if (v != nullptr) {
            for (std::size_t p = 0; p < step.size(); ++p) {
                step[p] += (*v)[p] / shift_;
            }
        }
    } else {
        pull(u, step);
        if (v != nullptr) {
            for (std::size_t p = 0; p < step.size(); ++p) {
                step[p] += (*v)[p];
            }
        }
        cholesky_.solve(step.data(), step.data());
    }
    for (double& number : step) {
        number = -number;
    }
}

void WhitenedSystem::push(const Buffer<double>& v, Buffer<double>& result) const {
    for (Index i = 0; i < n_residuals_; ++i) {
        result[static_cast<std::size_t>(i)] = inner_product(n_parameters_, rows_.row(i), v.data());
    }
}

void WhitenedSystem::pull(const Buffer<double>& u, Buffer<double>& result) const {
    if (dual_) {  // few rows, which are long: sums of these, instead of many short inner products
        std::ranges::fill(result, 0.0);
        for (Index i = 0; i < n_residuals_; ++i) {
            const double* const row = rows_.row(i);
            const double factor = u[static_cast<std::size_t>(i)];
            for (Index p = 0; p < n_parameters_; ++p) {
                double& sum = result[static_cast<std::size_t>(p)];
                sum = add_product(sum, factor, row[p]);
            }
        }
        return;
    }
    for (Index p = 0; p < n_parameters_; ++p) {
        result[static_cast<std::size_t>(p)] =
            inner_product(n_residuals_, columns_.row(p), u.data());
    }
}

void WhitenedSystem::set_identity(Panel& panel, Index size) {
    panel.resize(size, size);
    for (Index i = 0; i < size; ++i) {
        panel.row(i)[i] = 1.0;
    }
}

// With K = UᵀU: K⁻¹ = (U⁻ᵀ)ᵀ U⁻ᵀ, and xᵀK⁻¹x = ‖U⁻ᵀx‖².
void WhitenedSystem::effective(Buffer<double>& of_parameters, Buffer<double>& of_residuals,
                               bool fresh, Execution& execution) {
    const Index size = matrix_.size;
    set_identity(inverse_, size);
    cholesky_.substitute_forward(inverse_.row(0), size, inverse_.stride, true, execution);
    // Of the kind there is less of 1 − (K⁻¹)_ii, of the other ‖U⁻ᵀ x‖².
    Buffer<double>& of_fewer = dual_ ? of_residuals : of_parameters;
    Buffer<double>& of_more = dual_ ? of_parameters : of_residuals;
    column_squares(inverse_, size, of_fewer);
    for (double& number : of_fewer) {
        number = 1.0 - number;
    }
    if (fresh) {
        solved_ = dual_ ? rows_ : columns_;
        const Index others = std::max(n_residuals_, n_parameters_);
        cholesky_.substitute_forward(solved_.row(0), others, solved_.stride, false, execution);
        column_squares(solved_, size, of_more);
        return;
    }
    const double sum = std::accumulate(of_fewer.begin(), of_fewer.end(), 0.0);
    const double before = std::accumulate(of_more.begin(), of_more.end(), 0.0);
    for (double& number : of_more) {
        number = std::min(1.0, number * (sum / before));
    }
}

std::vector<double> WhitenedSystem::inverse_blocks(const std::vector<std::vector<Index>>& groups,
                                                   Execution& execution) {
    const Index size = matrix_.size;
    Panel& of_residuals = dual_ ? inverse_ : solved_;
    if (dual_) {
        set_identity(inverse_, size);
        cholesky_.substitute_forward(inverse_.row(0), size, inverse_.stride, true, execution);
    } else {
        solved_ = columns_;
        cholesky_.substitute_forward(solved_.row(0), n_residuals_, solved_.stride, false,
                                     execution);
    }
    // M̃⁻¹ = (U⁻ᵀ)ᵀ U⁻ᵀ of M̃, or I − (U⁻ᵀJ̃ᵀ)ᵀ (U⁻ᵀJ̃ᵀ) of H̃.
    std::vector<double> blocks;
    for (const std::vector<Index>& group : groups) {
        const std::size_t width = group.size();
        const std::size_t begin = blocks.size();
        blocks.resize(begin + width * width, 0.0);
        for (Index row = 0; row < size; ++row) {
            const double* const numbers = of_residuals.row(row);
            for (std::size_t i = 0; i < width; ++i) {
                const double factor = numbers[group[i]];
                for (std::size_t j = 0; j < width; ++j) {
                    double& sum = blocks[begin + i * width + j];
                    sum = add_product(sum, factor, numbers[group[j]]);
                }
            }
        }
        if (!dual_) {
            for (std::size_t i = 0; i < width; ++i) {
                for (std::size_t j = 0; j < width; ++j) {
                    double& entry = blocks[begin + i * width + j];
                    entry = (i == j ? 1.0 : 0.0) - entry;
                }
            }
        }
    }
    return blocks;
}

// H̃ = UᵀU: C = (U⁻ᵀ)ᵀ. Where M̃ = UᵀU was factorized, C = I − (U⁻ᵀJ̃)ᵀ (Uᵀ + I)⁻¹J̃ (Andrews, "A
// square root formulation of the Kalman covariance equations", 1968): H̃ itself would lose the
// prior's identity in the rounding of J̃ᵀJ̃ where the data are exact.
void WhitenedSystem::covariance_factor(double* result, Execution& execution) {
    if (dual_) {
        solved_ = rows_;
        cholesky_.substitute_forward(solved_.row(0), n_parameters_, solved_.stride, false,
                                     execution);
        Cholesky raised = cholesky_;
        raised.raise_diagonal();
        Panel other = rows_;
        raised.substitute_forward(other.row(0), n_parameters_, other.stride, false, execution);
        inverse_.resize(n_parameters_, n_parameters_);
        execution.team.run((n_parameters_ + task_rows - 1) / task_rows, [&](Index task, int) {
            execution.interrupt.poll();
            const Index first = task * task_rows;
            const Index end = std::min(first + task_rows, n_parameters_);
            kernels::product<double>(end - first, padded<double>(n_parameters_), n_residuals_,
                                     {solved_.row(0) + first, 1, solved_.stride}, other.row(0),
                                     other.stride, inverse_.row(first), inverse_.stride, false);
            for (Index i = first; i < end; ++i) {
                for (Index j = 0; j < n_parameters_; ++j) {
                    result[i * n_parameters_ + j] = (i == j ? 1.0 : 0.0) - inverse_.row(i)[j];
                }
            }
        });
        return;
    }
    set_identity(inverse_, n_parameters_);
    cholesky_.substitute_forward(inverse_.row(0), n_parameters_, inverse_.stride, true, execution);
    kernels::transpose(n_parameters_, n_parameters_, inverse_.row(0), inverse_.stride, result,
                       n_parameters_);
}

}  // namespace jetmlp
