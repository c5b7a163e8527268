#include "optim/normal_equations.hpp"

#include "linear_algebra/sums.hpp"
#include "linear_algebra/vectors.hpp"

#include <jetmlp/machine/checked_size.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace jetmlp {

namespace {

bool choose_dual(NormalForm form, const Architecture& architecture, const ResidualSizes& sizes) {
    return form == NormalForm::dual ||
           (form == NormalForm::automatic && LeastSquares::dual_cost(architecture, sizes) <=
                                                 LeastSquares::primal_cost(architecture, sizes));
}

}  // namespace

NormalEquations::NormalEquations(LeastSquares& problem, NormalForm form,
                                 const Buffer<double>& penalties)
    : problem_(&problem),
      dual_(choose_dual(form, problem.architecture(), problem.layout().sizes())),
      solution_(static_cast<std::size_t>(problem.n_residuals()), 0.0),
      product_(solution_.size()),
      penalties_(&penalties) {
    if (!penalties.empty()) {
        penalized_ =
            std::make_unique<WhitenedSystem>(problem.n_residuals(), problem.n_parameters());
        jacobian_.resize(count_of(problem.n_residuals(), problem.n_parameters()));
        ones_.assign(solution_.size(), 1.0);
        shares_.resize(penalties.size());
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
        for (const double penalty : *penalties_) {
            trace_ += penalty;
        }
        return;
    }
    if (eliminates()) {
        problem_->split_gram(by_weights_, by_biases_, execution);
        trace_ = by_weights_.trace() + by_biases_.trace();
        for (const double penalty : problem_->penalties()) {
            trace_ += penalty;
        }
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
        for (std::size_t p = 0; p < shares_.size(); ++p) {
            shares_[p] = std::sqrt(damping / (damping + (*penalties_)[p]));
        }
        penalized_->assemble(jacobian_.data(), ones_, shares_, execution);
        return penalized_->factor(damping, execution);
    }
    if (eliminates()) {
        const double share = damping / (damping + problem_->l2());
        matrix_ = by_biases_;
        elements(matrix_.entries) += share * elements(by_weights_.entries);
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
    elements(step) = -elements(step);
}

void NormalEquations::solve_penalized(const Buffer<double>& right_side, const Buffer<double>& pull,
                                      Buffer<double>& step) {
    if (pull.empty()) {
        penalized_->solve(right_side, nullptr, step);
    } else {
        pull_.resize(pull.size());
        elements(pull_) = elements(shares_) * elements(pull);
        penalized_->solve(right_side, &pull_, step);
    }
    elements(step) *= elements(shares_);
}

// All with the sign of +(JᵀJ + λI)⁻¹ Jᵀ right_side.
void NormalEquations::solve_dual(const Buffer<double>& right_side, Buffer<double>& step,
                                 Execution& execution) {
    const auto n_errors = static_cast<std::size_t>(problem_->layout().n_errors());
    const Buffer<double>& penalties = problem_->penalties();
    const double total = damping_ + problem_->l2();
    // √l2/(λ + l2) r_W by the weights, 0 by the biases
    Buffer<double> drawn(step.size(), 0.0);
    std::size_t row = n_errors;
    for (std::size_t p = 0; p < drawn.size(); ++p) {
        if (penalties[p] > 0.0) {
            drawn[p] = std::sqrt(penalties[p]) / total * right_side[row++];
        }
    }
    problem_->push_forward(drawn.data(), product_.data(), execution);
    for (std::size_t i = 0; i < n_errors; ++i) {
        solution_[i] = right_side[i] - product_[i];
    }
    cholesky_.solve(solution_.data(), solution_.data());
    problem_->pull_back(solution_.data(), step.data(), execution);
    for (std::size_t p = 0; p < step.size(); ++p) {
        if (penalties[p] > 0.0) {
            step[p] = damping_ / total * step[p] + drawn[p];
        }
    }
}

}  // namespace jetmlp
