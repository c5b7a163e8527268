// The loss as a sum of squares, for whoever wants to look at its parts: r, J = ∂r/∂θ and J Jᵀ.
#pragma once

#include <jetmlp/loss/objective.hpp>
#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>

#include <memory>

namespace jetmlp {

// How many residuals an objective has. Throws std::invalid_argument, as the class below does, if
// it has more than squared errors: see Objective::beyond_least_squares.
Index count_residuals(const Objective<double>& objective);

// One residual √(w ω / Σω) · error for every entry that is present and has a weight: first those of
// the values, by sample and output, then those of the derivatives, by sample, output and input.
class Residuals {
  public:
    // The objective has to outlive this.
    explicit Residuals(const Objective<double>& objective);
    ~Residuals();
    Residuals(const Residuals&) = delete;
    Residuals& operator=(const Residuals&) = delete;

    // residuals (size)
    void evaluate(const double* parameters, double* residuals, Execution& execution);
    // jacobian (size, n_parameters), row-major
    void jacobian(const double* parameters, double* jacobian, Execution& execution);
    // gram (size, size) = J Jᵀ, from the layers' factors without J
    void gram(const double* parameters, double* gram, Execution& execution);

  private:
    struct Workspace;
    std::unique_ptr<Workspace> workspace_;
};

}  // namespace jetmlp
