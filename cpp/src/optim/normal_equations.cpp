#include "optim/normal_equations.hpp"

#include "linear_algebra/sums.hpp"
#include "linear_algebra/vectors.hpp"

#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/parts.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace jetmlp {

namespace {

bool choose_dual(NormalForm form, const Architecture& architecture, const ResidualSizes& sizes) {
    return form == NormalForm::dual ||
           (form == NormalForm::automatic && LeastSquares::dual_cost(architecture, sizes) <=
                                                 LeastSquares::primal_cost(architecture, sizes));
}

// sum + Σ numbers, one after the other.
double with_sum(double sum, const Buffer<double>& numbers) {
    in_parts(static_cast<Index>(numbers.size()), [&](Index first, Index last) {
        for (Index i = first; i < last; ++i) {
            sum += numbers[static_cast<std::size_t>(i)];
        }
    });
    return sum;
}

}  // namespace

NormalEquations::NormalEquations(LeastSquares& problem, NormalForm form,
                                 const Buffer<double>& penalties)
    : problem_(&problem),
      dual_(choose_dual(form, problem.architecture(), problem.layout().sizes())),
      solution_(zeros_in_parts<Buffer<double>>(count_of(problem.n_residuals(), 1))),
      product_(zeros_in_parts<Buffer<double>>(solution_.size())),
      penalties_(&penalties) {
    if (!penalties.empty()) {
        penalized_ =
            std::make_unique<WhitenedSystem>(problem.n_residuals(), problem.n_parameters());
        resize_in_parts(jacobian_, checked_product(problem.n_residuals(), problem.n_parameters()));
        ones_.assign(solution_.size(), 1.0);
        resize_in_parts(shares_, static_cast<Index>(penalties.size()));
    }
}

// A matrix and its factorization; K_w and K_b as well where a penalty is eliminated, and the whole
// J, three times, where there are penalties by parameter.
double NormalEquations::bytes(const Architecture& architecture, const ResidualSizes& sizes,
                              NormalForm form, bool penalized) {
    const auto n = static_cast<double>(sizes.errors);
    const auto p = static_cast<double>(architecture.n_parameters());
    const double of_number = sizeof(double);
    if (penalized) {
        const double fewer = std::min(n, p);
        return of_number * (3.0 * n * p + 2.0 * fewer * fewer);
    }
    if (!choose_dual(form, architecture, sizes)) {
        return of_number * 2.0 * p * (p + static_cast<double>(sizes.block_width));
    }
    return of_number * (sizes.penalties > 0 ? 4.0 : 2.0) * n * n;
}

void NormalEquations::assemble(Execution& execution) {
    if (penalized()) {
        problem_->jacobian(jacobian_.data(), execution);
        trace_ = inner_product(jacobian_, jacobian_);
        trace_ = with_sum(trace_, *penalties_);
        return;
    }
    if (eliminates()) {
        problem_->split_gram(by_weights_, by_biases_, execution);
        trace_ = by_weights_.trace() + by_biases_.trace();
        trace_ = with_sum(trace_, problem_->penalties());
        return;
    }
    if (dual_) {
        problem_->gram(matrix_, execution);
    } else {
        problem_->normal_matrix(matrix_, execution);
    }
    trace_ = matrix_.trace();
}

// Elimination multiplies K_w by λ/(λ + l2), and C² is likewise: with the smallest λ its part, and λ
// itself, would drown in the rounding of K_b.
double NormalEquations::lowest_damping() const {
    const double rounding = std::numeric_limits<double>::epsilon() * trace_;
    return eliminates() || penalized() ? 1e4 * rounding : rounding;
}

bool NormalEquations::factor(double damping, Execution& execution) {
    damping_ = damping;
    if (penalized()) {
        in_parts(static_cast<Index>(shares_.size()), [&](Index first, Index last) {
            for (auto p = static_cast<std::size_t>(first); std::cmp_less(p, last); ++p) {
                shares_[p] = std::sqrt(damping / (damping + (*penalties_)[p]));
            }
        });
        penalized_->assemble(jacobian_.data(), ones_, shares_, execution);
        return penalized_->factor(damping, execution);
    }
    if (eliminates()) {
        const double share = damping / (damping + problem_->l2());
        matrix_.size = by_biases_.size;
        matrix_.stride = by_biases_.stride;
        set_in_parts(matrix_.entries, by_biases_.entries);
        by_parts([share](auto to, const auto& from) { to += share * from; }, matrix_.entries,
                 by_weights_.entries);
    }
    return cholesky_.factor(matrix_, damping, execution);
}

void NormalEquations::solve(const Buffer<double>& right_side, const Buffer<double>& pull,
                            Buffer<double>& step, Execution& execution) {
    if (penalized()) {
        solve_penalized(right_side, pull, step);
        return;
    }
    if (eliminates()) {
        solve_dual(right_side, step, execution);
    } else if (dual_) {
        cholesky_.solve(right_side.data(), solution_.data());
        problem_->pull_back(solution_.data(), step.data(), execution);
    } else {
        problem_->pull_back(right_side.data(), step.data(), execution);
        cholesky_.solve(step.data(), step.data());
    }
    by_parts([](auto to) { to = -to; }, step);
}

void NormalEquations::solve_penalized(const Buffer<double>& right_side, const Buffer<double>& pull,
                                      Buffer<double>& step) {
    if (pull.empty()) {
        penalized_->solve(right_side, nullptr, step);
    } else {
        resize_in_parts(pull_, static_cast<Index>(pull.size()));
        by_parts([](auto to, const auto& one, const auto& other) { to = one * other; }, pull_,
                 shares_, pull);
        penalized_->solve(right_side, &pull_, step);
    }
    by_parts([](auto to, const auto& by) { to *= by; }, step, shares_);
}

// All with the sign of +(JᵀJ + λI)⁻¹ Jᵀ right_side.
void NormalEquations::solve_dual(const Buffer<double>& right_side, Buffer<double>& step,
                                 Execution& execution) {
    const auto n_errors = static_cast<std::size_t>(problem_->layout().n_errors());
    const Buffer<double>& penalties = problem_->penalties();
    const double total = damping_ + problem_->l2();
    // √l2/(λ + l2) r_W by the weights, 0 by the biases
    auto drawn = zeros_in_parts<Buffer<double>>(step.size());
    std::size_t row = n_errors;
    in_parts(static_cast<Index>(drawn.size()), [&](Index first, Index last) {
        for (auto p = static_cast<std::size_t>(first); std::cmp_less(p, last); ++p) {
            if (penalties[p] > 0.0) {
                drawn[p] = std::sqrt(penalties[p]) / total * right_side[row++];
            }
        }
    });
    problem_->push_forward(drawn.data(), product_.data(), execution);
    for (std::size_t i = 0; i < n_errors; ++i) {
        solution_[i] = right_side[i] - product_[i];
    }
    cholesky_.solve(solution_.data(), solution_.data());
    problem_->pull_back(solution_.data(), step.data(), execution);
    in_parts(static_cast<Index>(step.size()), [&](Index first, Index last) {
        for (auto p = static_cast<std::size_t>(first); std::cmp_less(p, last); ++p) {
            if (penalties[p] > 0.0) {
                step[p] = damping_ / total * step[p] + drawn[p];
            }
        }
    });
}

}  // namespace jetmlp
