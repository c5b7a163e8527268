// Losses, and the one place where they come from sums and weights.
#pragma once

#include <jetmlp/loss/terms.hpp>

#include <limits>

namespace jetmlp {

struct LossWeights {
    Terms<double> terms = for_every_term(1.0);
    double l2 = 0.0;  // of the penalty l2 · Σ W², over the weights and not the biases
};

// Mean squared errors, NaN where the data has nothing of the term, and their weighted sum, with the
// penalty.
struct Losses {
    double total = 0.0;
    Terms<double> terms = for_every_term(std::numeric_limits<double>::quiet_NaN());
};

// total = Σ_term w · (Σωe² / Σω) over the terms that have any ω, without the penalty.
Losses losses_from(const Terms<double>& squared_errors, const Terms<double>& total_weights,
                   const LossWeights& weights);

// Means of the losses of batches, each counting as its share of the samples. A batch may have
// nothing of a term: the mean then runs over the others.
class MeanLosses {
  public:
    void add(const Losses& losses, double share);
    // What all shares come to: 1, or the number of samples where that was not known before. A term
    // that no batch had is NaN.
    [[nodiscard]] Losses mean(double whole = 1.0) const;

  private:
    double total_ = 0.0;
    Terms<double> sums_;
    Terms<double> shares_;
};

}  // namespace jetmlp
