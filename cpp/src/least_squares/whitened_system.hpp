// A Gauss–Newton step of a regularised sum of squares, and the Gaussian posterior that it stands
// for, in units in which noise and prior have the precision 1.
//
// The loss is Σ_i β_i r_i² + Σ_p α_p θ_p². With r̃ = √β r, φ = √α θ and J̃ = diag(√β) J diag(1/√α) it
// is ‖r̃‖² + ‖φ‖², and H̃ = J̃ᵀJ̃ + I, whose inverse is the covariance of φ. Where there are fewer
// residuals than parameters, M̃ = J̃J̃ᵀ + I takes its place: H̃⁻¹ = I − J̃ᵀM̃⁻¹J̃, det H̃ = det M̃.
#pragma once

#include "least_squares/layer_factors.hpp"
#include "linear_algebra/cholesky.hpp"
#include "linear_algebra/symmetric_matrix.hpp"

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>

#include <vector>

namespace jetmlp {

class WhitenedSystem {
  public:
    WhitenedSystem(Index n_residuals, Index n_parameters);

    // Takes J (n_residuals, n_parameters), √β and 1/√α.
    void assemble(const double* jacobian, const Buffer<double>& row_scales,
                  const Buffer<double>& column_scales, Execution& execution);

    // Factorizes J̃ᵀJ̃ + shift·I, or J̃J̃ᵀ + shift·I; false if rounding does not let it.
    bool factor(double shift, Execution& execution);

    // step (n_parameters) = −(J̃ᵀJ̃ + shift·I)⁻¹ (J̃ᵀ u + v), with the shift last factorized; no v is
    // zero.
    void solve(const Buffer<double>& u, const Buffer<double>* v, Buffer<double>& step);

    // J̃ v and J̃ᵀ u.
    void push(const Buffer<double>& v, Buffer<double>& result) const;
    void pull(const Buffer<double>& u, Buffer<double>& result) const;

    // The following with the shift 1 factorized last.

    // log det H̃ = log det M̃
    [[nodiscard]] double log_determinant() const { return cholesky_.log_determinant(); }
    // How much of each parameter the data determine, 1 − (H̃⁻¹)_pp, and of each residual the
    // parameters, 1 − (M̃⁻¹)_ii. Both have the sum γ, the effective number of parameters. Those of
    // the kind there is more of take several times as long as the others; unless they are `fresh`
    // they stay as they were, but for a factor that gives them the sum that the others have.
    void effective(Buffer<double>& of_parameters, Buffer<double>& of_residuals, bool fresh,
                   Execution& execution);
    // M̃⁻¹ between the residuals of a few groups: one after another the blocks, row-major.
    std::vector<double> inverse_blocks(const std::vector<std::vector<Index>>& groups,
                                       Execution& execution);
    // C (n_parameters²) with C Cᵀ = H̃⁻¹, row-major.
    void covariance_factor(double* result, Execution& execution);

  private:
    static void set_identity(Panel& panel, Index size);
    static void product(const Panel& left, const Panel& right, Index inner, SymmetricMatrix& result,
                        Execution& execution);

    Index n_residuals_;
    Index n_parameters_;
    bool dual_;
    double shift_ = 1.0;
    Panel rows_;     // J̃
    Panel columns_;  // J̃ᵀ
    SymmetricMatrix matrix_;
    Cholesky cholesky_;
    Buffer<double> solution_;
    Panel inverse_;  // U⁻ᵀ
    Panel solved_;   // U⁻ᵀ J̃, or U⁻ᵀ J̃ᵀ
};

}  // namespace jetmlp
