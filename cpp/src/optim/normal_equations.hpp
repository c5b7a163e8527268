// The linear systems of a damped Gauss–Newton step, δ = −(JᵀJ + λI)⁻¹ Jᵀ r, in one of two forms:
//   primal  (JᵀJ + λI) δ = −Jᵀ r
//   dual    δ = −Jᵀ α with (J Jᵀ + λI) α = r
//
// With an l2 penalty J has the rows √l2 I on the weights beside those J_e of the errors. The dual
// form does without them: they are eliminated from (J Jᵀ + λI) α = r, which leaves, with K_w and
// K_b the parts of J_e J_eᵀ by the weights and by the biases, and r_W = √l2 W,
//   (K_b + λ/(λ + l2) K_w + λI) α_e = r_e − √l2/(λ + l2) J_e r_W
//   δ = −λ/(λ + l2) J_eᵀ α_e − √l2/(λ + l2) r_W   by the weights,  −J_eᵀ α_e   by the biases.
//
// With penalties A = diag(α_p) of the parameters' own, the system is (JᵀJ + A + λI) δ = −(Jᵀr +
// Aθ). By C = diag(√(λ/(λ + α_p))) it is that of J C with the shift λ: C (JᵀJ + A + λI) C = (J
// C)ᵀ(J C) + λI, also where some α are 0.
#pragma once

#include "least_squares/least_squares.hpp"
#include "least_squares/whitened_system.hpp"
#include "linear_algebra/cholesky.hpp"
#include "linear_algebra/symmetric_matrix.hpp"

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/optim/levenberg_marquardt.hpp>

#include <memory>

namespace jetmlp {

class NormalEquations {
  public:
    // Problem and penalties, by parameter or none, have to outlive this. With penalties the form is
    // the smaller system's.
    NormalEquations(LeastSquares& problem, NormalForm form, const Buffer<double>& penalties);

    // About how many bytes one holds.
    [[nodiscard]] static double bytes(const Architecture& architecture, const ResidualSizes& sizes,
                                      NormalForm form, bool penalized);

    // The matrix where the problem was linearized.
    void assemble(Execution& execution);
    // Of JᵀJ.
    [[nodiscard]] double trace() const { return trace_; }
    // Below the rounding of the matrix a shift λ means nothing.
    [[nodiscard]] double lowest_damping() const;

    // False if the matrix is not positive definite as far as rounding can tell, or not finite.
    bool factor(double damping, Execution& execution);
    // step (n_parameters) = −(JᵀJ + A + λI)⁻¹ (Jᵀ right_side + pull), by the last factorization:
    // there are n_residuals of the first, and of the second n_parameters with penalties, or none
    // for zeros.
    void solve(const Buffer<double>& right_side, const Buffer<double>& pull, Buffer<double>& step,
               Execution& execution);

  private:
    [[nodiscard]] bool eliminates() const { return dual_ && problem_->l2() > 0.0; }
    [[nodiscard]] bool penalized() const { return penalized_ != nullptr; }
    void solve_penalized(const Buffer<double>& right_side, const Buffer<double>& pull,
                         Buffer<double>& step);
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
    const Buffer<double>* penalties_;
    std::unique_ptr<WhitenedSystem> penalized_;  // J C, only with penalties
    Buffer<double> jacobian_;
    Buffer<double> ones_;
    Buffer<double> shares_;  // C
    Buffer<double> pull_;    // C times what pulls
};

}  // namespace jetmlp
