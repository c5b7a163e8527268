// The loss as a sum of squares, for whoever wants to look at its parts: r, J = ∂r/∂θ, J Jᵀ, and
// products with J and Jᵀ.
#pragma once

#include <jetmlp/loss/objective.hpp>
#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>

#include <memory>

namespace jetmlp {

// How many residuals an objective has: errors of the data, and rows of the penalty.
struct ResidualCount {
    Index errors = 0;
    Index penalties = 0;
};
ResidualCount count_residuals(const Objective<double>& objective);

// One residual √(w ω / Σω) · error for every entry that is present and has a weight: first those of
// the values, by sample and output, then those of the derivatives, by sample, output and input or
// direction, then those of the second derivatives, by sample, output and both inputs. With an l2
// penalty, √l2 W of every weight in the order of the parameters comes last.
//
// Not for two threads at once: the workspace belongs to the object. It keeps what the last
// parameters gave, so that further products at the same ones cost no more than themselves.
class Residuals {
  public:
    // The objective has to outlive this.
    explicit Residuals(const Objective<double>& objective);
    ~Residuals();
    Residuals(const Residuals&) = delete;
    Residuals& operator=(const Residuals&) = delete;

    // About how many bytes one holds, without what is asked of it.
    [[nodiscard]] static double bytes(const Objective<double>& objective);

    [[nodiscard]] Index size() const;
    [[nodiscard]] Index n_parameters() const;

    // residuals (size)
    void evaluate(const double* parameters, double* residuals, Execution& execution);
    // jacobian (size, n_parameters), row-major
    void jacobian(const double* parameters, double* jacobian, Execution& execution);
    // gram (size, size) = J Jᵀ, from the layers' factors without J
    void gram(const double* parameters, double* gram, Execution& execution);
    // product (size) = J direction (n_parameters), likewise
    void jacobian_product(const double* parameters, const double* direction, double* product,
                          Execution& execution);
    // product (n_parameters) = Jᵀ weights (size), likewise
    void jacobian_transpose_product(const double* parameters, const double* weights,
                                    double* product, Execution& execution);

  private:
    struct Workspace;
    std::unique_ptr<Workspace> workspace_;
};

}  // namespace jetmlp
