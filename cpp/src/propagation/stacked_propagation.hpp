// The layer driver of the propagations that carry derivatives forward and train on them: a layer is
// one product for the values and all that goes with them.
//
// Rows come in groups of n: first those of the values, then of the tangents ȧ_k, then of the second
// derivatives where there are any. Row g·n + i belongs to sample i.
#pragma once

#include "propagation/propagation.hpp"

#include <jetmlp/machine/types.hpp>

#include <vector>

namespace jetmlp {

// What ȧ_k is at the inputs: the unit vector e_k, or a direction that each sample gives.
enum class Tangents { along_inputs, given };

// How many groups there are besides the values.
struct DerivativeGroups {
    Index tangents = 0;
    Index second_derivatives = 0;
};

template <class T>
class StackedPropagation : public Propagation<T> {
  public:
    void begin(Index n_samples) final;

    // Every layer: z = W a + b, ż_k = W ȧ_k, z̈_p = W ä_p, and through the activation.
    void forward(const PackedParameters<T>& parameters) final;

    // Every layer from the last: through the activation to z̄, ż̄_k and z̈̄_p, then
    //   b̄ += Σ z̄,  W̄ += Σ_samples (z̄ aᵀ + Σ_k ż̄_k ȧ_kᵀ + Σ_p z̈̄_p ä_pᵀ),
    // and the next ā, ǡ_k, ǟ_p are Wᵀ z̄, Wᵀ ż̄_k, Wᵀ z̈̄_p.
    void backward(const PackedParameters<T>& parameters, T* packed_gradient) final;

  protected:
    StackedPropagation(const PackedLayout<T>& layout, DerivativeGroups groups, Passes passes,
                       Tangents tangents);

    using Rows = typename ForwardPropagation<T>::LayerRows;
    using Propagation<T>::layers_;
    using Propagation<T>::input_;
    using Propagation<T>::n_samples_;

    DerivativeGroups groups_;
    Passes passes_;
    Rows z_;             // of each layer: z, later σ'(z), the ż_k and the z̈_p
    Rows a_;             // a⁺, the ȧ⁺_k and the ä⁺_p
    Buffer<T> adjoint_;  // of the layer at hand, all groups

  private:
    // From z_[l] to a_[l]; before a backward pass, what it needs of σ is kept, σ' in the place of
    // z.
    virtual void activate(std::size_t l) = 0;
    // In place in adjoint_: from the adjoints of a_[l] to those of z_[l].
    virtual void activate_adjoint(std::size_t l) = 0;

    [[nodiscard]] Index n_groups() const {
        return 1 + groups_.tangents + groups_.second_derivatives;
    }
    void set_first_rows(const PackedParameters<T>& parameters);

    Tangents tangents_;
    Buffer<T> next_adjoint_;  // of the layer below
};

extern template class StackedPropagation<float>;
extern template class StackedPropagation<double>;

}  // namespace jetmlp
