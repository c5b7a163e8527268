// Second derivatives carried forward beside values and tangents, and all of them back: the way to
// train on Hessians.
#pragma once

#include "propagation/stacked_propagation.hpp"

#include <jetmlp/machine/types.hpp>

namespace jetmlp {

// Tangents in each input direction k, and second derivatives of each pair of inputs k ≤ l, numbered
// as by pair_of(): (1+d)(2+d)/2 groups of rows. second_derivative(sample, o, p) is that of pair p.
template <class T>
class SecondDerivativeJetPropagation final : public StackedPropagation<T> {
  public:
    SecondDerivativeJetPropagation(const PackedLayout<T>& layout, Passes passes);

  private:
    using StackedPropagation<T>::layers_;
    using StackedPropagation<T>::n_samples_;
    using StackedPropagation<T>::groups_;
    using StackedPropagation<T>::passes_;
    using StackedPropagation<T>::z_;
    using StackedPropagation<T>::a_;
    using StackedPropagation<T>::adjoint_;

    // a⁺ = σ(z),  ȧ⁺_k = σ' ⊙ ż_k,  ä⁺_kl = σ' ⊙ z̈_kl + σ'' ⊙ ż_k ⊙ ż_l.
    void activate(std::size_t l) override;
    template <class Sigma>
    void activate_by(std::size_t l);

    // Given ā, ǡ_k, ǟ_kl of a⁺, ȧ⁺_k, ä⁺_kl:
    //   z̈̄_kl = σ' ⊙ ǟ_kl,
    //   ż̄_k = σ' ⊙ ǡ_k + σ'' ⊙ (Σ_{l≥k} ż_l ⊙ ǟ_kl + Σ_{l≤k} ż_l ⊙ ǟ_lk),
    //   z̄ = σ' ⊙ ā + σ'' ⊙ Σ_k ż_k ⊙ ǡ_k + Σ_{k≤l} (σ'' ⊙ z̈_kl + σ''' ⊙ ż_k ⊙ ż_l) ⊙ ǟ_kl.
    void activate_adjoint(std::size_t l) override;

    typename StackedPropagation<T>::Rows s2_;  // σ''(z), n rows
    typename StackedPropagation<T>::Rows s3_;  // σ'''(z), n rows
};

extern template class SecondDerivativeJetPropagation<float>;
extern template class SecondDerivativeJetPropagation<double>;

}  // namespace jetmlp
