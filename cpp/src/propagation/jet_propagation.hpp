// Values and tangents carried forward together, for few inputs or for given directions.
#pragma once

#include "propagation/stacked_propagation.hpp"

#include <jetmlp/machine/types.hpp>

namespace jetmlp {

template <class T>
class JetPropagation final : public StackedPropagation<T> {
  public:
    // n_tangents is the number of inputs d, 0 for values alone, or that of the given directions.
    JetPropagation(const PackedLayout<T>& layout, Index n_tangents, Passes passes,
                   Tangents tangents = Tangents::along_inputs);

  private:
    using StackedPropagation<T>::layers_;
    using StackedPropagation<T>::n_samples_;
    using StackedPropagation<T>::groups_;
    using StackedPropagation<T>::passes_;
    using StackedPropagation<T>::z_;
    using StackedPropagation<T>::a_;
    using StackedPropagation<T>::adjoint_;

    // a⁺ = σ(z),  ȧ⁺_k = σ'(z) ⊙ ż_k.
    void activate(std::size_t l) override;
    template <class Sigma>
    void activate_by(std::size_t l);

    // Given ā (of a⁺) and ǡ_k (of ȧ⁺_k):  z̄ = σ' ⊙ ā + σ'' ⊙ Σ_k ż_k ⊙ ǡ_k,  ż̄_k = σ' ⊙ ǡ_k.
    void activate_adjoint(std::size_t l) override;
    template <class Sigma>
    void activate_adjoint_by(std::size_t l);

    typename StackedPropagation<T>::Rows
        s2_;  // σ''(z), n rows, where it does not follow from σ, σ'
};

extern template class JetPropagation<float>;
extern template class JetPropagation<double>;

}  // namespace jetmlp
