#include <jetmlp/loss/losses.hpp>

#include <cmath>

namespace jetmlp {

Losses losses_from(const Terms<double>& squared_errors, const Terms<double>& total_weights,
                   const LossWeights& weights) {
    Losses losses;
    for (const Term term : all_terms) {
        if (total_weights[term] > 0.0) {
            losses.terms[term] = squared_errors[term] / total_weights[term];
            losses.total += weights.terms[term] * losses.terms[term];
        }
    }
    return losses;
}

void MeanLosses::add(const Losses& losses, double share) {
    total_ += share * losses.total;
    for (const Term term : all_terms) {
        if (!std::isnan(losses.terms[term])) {
            sums_[term] += share * losses.terms[term];
            shares_[term] += share;
        }
    }
}

Losses MeanLosses::mean(double whole) const {
    Losses losses;
    losses.total = total_ / whole;
    for (const Term term : all_terms) {
        losses.terms[term] = sums_[term] / shares_[term];  // 0/0 is NaN
    }
    return losses;
}

}  // namespace jetmlp
