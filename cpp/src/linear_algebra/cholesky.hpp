// The Cholesky factorization K + λI = UᵀU, U upper triangular, and systems solved with it.
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
