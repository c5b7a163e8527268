// The Cholesky factorization K + λI = UᵀU, U upper triangular, and systems solved with it.
//
// Not Eigen's, since its bytes would not be the same everywhere: Eigen adds up in the order of the
// vectors that the level has (v3 and v4 are to agree to the last byte) and of the caches that it
// finds, and it shares its work out to OpenMP's threads alone. Here every sum runs in the order of
// its rows, whatever the level, the caches and the number of threads.
//
// What that costs: milliseconds of one thread's processor time on an EPYC without AVX-512, other
// programs running beside it, by `python tests/benchmarks/cholesky.py`. Eigen::LLT works in place
// and column-major, where its factorization is blocked.
//
//       n            64    128    256    512   1000   2000    4000
//   v3  own       0.005  0.016  0.165  1.221  8.944  85.89   744.4
//       Eigen     0.004  0.046  0.251  1.861  8.729  94.53   679.7
//   v2  own       0.010  0.054  0.377  3.044  35.04  272.6  1862.6
//       Eigen     0.015  0.071  0.439  3.331  35.18  263.7  1529.7
#pragma once

#include "linear_algebra/symmetric_matrix.hpp"

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>

#include <utility>
#include <vector>

namespace jetmlp {

class Cholesky {
  public:
    // False if K + shift·I is not positive definite as far as rounding can tell, or not finite;
    // there is then nothing to solve with. The same bytes for any number of threads.
    bool factor(const SymmetricMatrix& matrix, double shift, Execution& execution);

    // x with UᵀU x = b for `size` numbers each; x may be b itself.
    void solve(const double* b, double* x) const;

    // U⁻ᵀ B in place of B, a matrix of `size` rows. With `lower`, B is square and nothing stands
    // above its diagonal, nor will: half the work. Rows are whole vectors. The same bytes for any
    // number of threads.
    void substitute_forward(double* b, Index n_columns, Index stride, bool lower,
                            Execution& execution) const;

    // U + I in place of U, for substitute_forward().
    void raise_diagonal();

    // log det(K + λI)
    [[nodiscard]] double log_determinant() const;

  private:
    // Each false at a pivot that is not usable.
    bool factor_block(Index first, Index n_rows, Execution& execution);
    bool factor_strip(Index first, Index n_rows);
    // Adds to every row below a block what its rows have to give.
    void update_below(Index first, Index n_rows, Execution& execution);

    SymmetricMatrix factor_;  // U; on the way there, rows still to come hold −(K + λI) + Σ UᵀU
    std::vector<std::pair<Index, Index>> tiles_;  // first row and column of each
};

}  // namespace jetmlp
