// What a fit by evidence works on.
#pragma once

#include "least_squares/least_squares.hpp"
#include "least_squares/precisions.hpp"
#include "least_squares/whitened_system.hpp"
#include "linear_algebra/sums.hpp"
#include "linear_algebra/vectors.hpp"

#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/optim/evidence.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <numbers>
#include <utility>
#include <vector>

namespace jetmlp {

// Where the evidence was highest.
struct Best {
    double log_evidence = -std::numeric_limits<double>::infinity();
    std::vector<double> parameters;  // empty before it was first found
    std::vector<double> alphas;
    std::vector<double> betas;
};

// What a fit goes on with that is begun again, besides α and β.
struct Progress {
    Buffer<double> of_residuals;
    Buffer<double> of_parameters;
    Best best;
    Index updates_since_best = 0;
    Index n_steps = 0;
    Index n_updates = 0;
    double damping = 1.0;  // μ: at the start that which multiplies the prior
    double raise = 2.0;
    bool stuck = false;
};

// Of every number that a fit depends on: 128 bits that tell its data from any others by chance. It
// keeps no copy of them, and can be written down.
using DataMark = std::vector<std::uint64_t>;
inline constexpr std::size_t mark_size = 2;
DataMark mark_of(const Dataset<double>& data, const ResidualLayout& layout);

// What was written down of a fit, until it is begun again.
struct Evidence::Saved {
    Progress progress;
    DataMark mark;
    std::vector<double> alphas;
    std::vector<double> betas;
};

struct Evidence::Workspace : Progress {
    Workspace(std::unique_ptr<LeastSquares> squares, const Objective<double>& objective,
              const EvidenceOptions& options)
        : precisions(squares->layout(), objective.architecture(), options.by_input,
                     options.prior_precision, options.noise_precision),
          squares_owner(std::move(squares)),
          problem(*squares_owner),
          mark(mark_of(objective.data(), problem.layout())),
          n_residuals(static_cast<std::size_t>(problem.n_residuals())),
          n_parameters(static_cast<std::size_t>(problem.n_parameters())),
          system(problem.n_residuals(), problem.n_parameters()),
          jacobian(count_of(problem.n_residuals(), problem.n_parameters())),
          residuals(n_residuals),
          trial_residuals(n_residuals),
          curvature(n_residuals),
          whitened(n_residuals),
          gradient(n_parameters),
          whitened_parameters(n_parameters),
          velocity(n_parameters),
          acceleration(n_parameters),
          candidate(n_parameters) {
        of_residuals.resize(n_residuals);
        of_parameters.resize(n_parameters);
    }

    // J here; no β is so large that its rows are lost in rounding.
    void linearize(const std::vector<double>& parameters, Execution& execution) {
        problem.linearize(parameters.data(), execution);
        problem.jacobian(jacobian.data(), execution);
        precisions.bound(jacobian.data());
        system.assemble(jacobian.data(), precisions.row_scales(), precisions.column_scales(),
                        execution);
    }

    // r̃ and φ.
    void whiten(const Buffer<double>& from, const std::vector<double>& parameters) {
        elements(whitened) = elements(precisions.row_scales()) * elements(from);
        elements(whitened_parameters) = elements(parameters) / elements(precisions.column_scales());
    }

    // At α and β given, from H̃ factorized with the shift 1.
    double evaluate_evidence(const std::vector<double>& parameters) {
        whiten(residuals, parameters);
        return -0.5 * (inner_product(whitened, whitened) +
                       inner_product(whitened_parameters, whitened_parameters) +
                       system.log_determinant() - precisions.log_noise() +
                       static_cast<double>(n_residuals) * std::log(2.0 * std::numbers::pi));
    }

    // r̃, φ and the gradient of ‖r̃‖² + ‖φ‖² by φ, halved: J̃ᵀr̃ + φ.
    void set_gradient(const std::vector<double>& parameters) {
        whiten(residuals, parameters);
        system.pull(whitened, gradient);
        elements(gradient) += elements(whitened_parameters);
    }

    Precisions precisions;
    std::unique_ptr<LeastSquares> squares_owner;
    LeastSquares& problem;
    DataMark mark;
    std::size_t n_residuals;
    std::size_t n_parameters;
    WhitenedSystem system;
    Buffer<double> jacobian;
    Buffer<double> residuals;
    Buffer<double> trial_residuals;
    Buffer<double> curvature;
    Buffer<double> whitened;  // r̃
    Buffer<double> gradient;  // J̃ᵀr̃ + φ
    Buffer<double> whitened_parameters;
    Buffer<double> velocity;
    Buffer<double> acceleration;
    std::vector<double> candidate;
    bool evaluated = false;
    Losses losses;
    Losses trial_losses;
};

}  // namespace jetmlp
