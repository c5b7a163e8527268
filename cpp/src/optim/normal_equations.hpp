// The linear systems of a damped Gauss–Newton step, δ = −(JᵀJ + λI)⁻¹ Jᵀ r, in one of two forms:
//   primal  (JᵀJ + λI) δ = −Jᵀ r
//   dual    δ = −Jᵀ α with (J Jᵀ + λI) α = r
//
// With an l2 penalty J has the rows √l2 I on the weights beside those J_e of the errors. The dual
// form does without them: they are eliminated from (J Jᵀ + λI) α = r, which leaves, with K_w and
// K_b the parts of J_e J_eᵀ by the weights and by the biases, and r_W = √l2 W,
//   (K_b + λ/(λ + l2) K_w + λI) α_e = r_e − √l2/(λ + l2) J_e r_W
//   δ = −λ/(λ + l2) J_eᵀ α_e − √l2/(λ + l2) r_W   by the weights,  −J_eᵀ α_e   by the biases.
#pragma once

#include "least_squares/least_squares.hpp"
#include "linear_algebra/cholesky.hpp"
#include "linear_algebra/symmetric_matrix.hpp"

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/optim/levenberg_marquardt.hpp>

namespace jetmlp {

class NormalEquations {
  public:
    // The problem has to outlive this.
    NormalEquations(LeastSquares& problem, NormalForm form);

    // The matrix where the problem was linearized.
    void assemble(Execution& execution);
    // Of JᵀJ.
    [[nodiscard]] double trace() const { return trace_; }
    // Below the rounding of the matrix a shift λ means nothing.
    [[nodiscard]] double lowest_damping() const;

    // False if the matrix is not positive definite as far as rounding can tell, or not finite.
    bool factor(double damping, Execution& execution);
    // step (n_parameters) = −(JᵀJ + λI)⁻¹ Jᵀ right_side (n_residuals), by the last factorization.
    void solve(const Buffer<double>& right_side, Buffer<double>& step, Execution& execution);

  private:
    [[nodiscard]] bool eliminates() const { return dual_ && problem_->l2() > 0.0; }
    void solve_dual(const Buffer<double>& right_side, Buffer<double>& step, Execution& execution);

    LeastSquares* problem_;
    bool dual_;
    double trace_ = 0.0;
    double damping_ = 0.0;
    SymmetricMatrix matrix_;
    SymmetricMatrix by_weights_;  // K_w and K_b, where the penalty is eliminated
    SymmetricMatrix by_biases_;
    Cholesky cholesky_;
    Buffer<double> solution_;  // α, with zeros for the penalty's rows
    Buffer<double> product_;   // J times what the penalty gives
};

}  // namespace jetmlp
