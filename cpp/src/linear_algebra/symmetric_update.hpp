// A symmetric matrix changed by a scale and two vectors, and multiplied, in one pass over its upper
// triangle: what a dense quasi-Newton method spends its time on is reading and writing that.
#pragma once

#include "linear_algebra/symmetric_matrix.hpp"

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>

#include <array>

namespace jetmlp {

// H ← scale H + ss s sᵀ + su (s uᵀ + u sᵀ) + uu u uᵀ
struct SymmetricUpdate {
    double scale = 1.0;
    double ss = 0.0;
    double su = 0.0;
    double uu = 0.0;
    // As long as a row of the matrix with its padding, which is zero.
    Buffer<double> s;
    Buffer<double> u;
};

// Multiplies two vectors at a time, since the second costs nearly nothing.
class SymmetricProduct {
  public:
    using Pair = std::array<Buffer<double>, 2>;

    // The update, then products = H factors, each as long as a row with its padding, which is zero
    // and stays so. The same bytes for any number of threads.
    void run(SymmetricMatrix& matrix, const SymmetricUpdate& update, const Pair& factors,
             Pair& products, Execution& execution);

  private:
    static void run_rows(Index first, Index end, SymmetricMatrix& matrix,
                         const SymmetricUpdate& update, const Pair& factors, double* sums_0,
                         double* sums_1);

    Buffer<double> sums_;  // two vectors for each task
};

}  // namespace jetmlp
