// Derivatives carried forward: values and tangents together, for few inputs.
//
// The rows of the values come first, then those of the tangent in each input direction k: row
// (1+k)·n + i belongs to sample i. So a layer is one product of (1+d)·n rows, not 1+d products of
// n.
#pragma once

#include "propagation/propagation.hpp"

#include <jetmlp/machine/types.hpp>

#include <vector>

namespace jetmlp {

// What ȧ_k is at the inputs: the unit vector e_k, or a direction that each sample gives.
enum class Tangents { along_inputs, given };

template <class T>
class JetPropagation final : public Propagation<T> {
  public:
    // n_tangents is the number of inputs d, 0 for values alone, or that of the given directions.
    JetPropagation(const PackedLayout<T>& layout, Index n_tangents, Passes passes,
                   Tangents tangents = Tangents::along_inputs);

    void begin(Index n_samples) override;

    // Layer: z = W a + b, a⁺ = σ(z). Tangent k: ż_k = W ȧ_k, ȧ⁺_k = σ'(z) ⊙ ż_k, from ȧ_k = e_k.
    void forward(const PackedParameters<T>& parameters) override;

    // Adjoint, given ā (of a⁺) and ǡ_k (of ȧ⁺_k):
    //   z̄ = σ' ⊙ ā + Σ_k σ'' ⊙ ż_k ⊙ ǡ_k,  ż̄_k = σ' ⊙ ǡ_k,
    //   W̄ += Σ_samples (z̄ aᵀ + Σ_k ż̄_k ȧ_kᵀ),  b̄ += Σ z̄,  next ā = Wᵀ z̄, next ǡ_k = Wᵀ ż̄_k.
    void backward(const PackedParameters<T>& parameters, T* packed_gradient) override;

  private:
    using Propagation<T>::layers_;
    using Propagation<T>::input_;
    using Propagation<T>::n_samples_;

    struct LayerBuffers {
        Buffer<T> z;   // z, then σ'(z) in its place, and the ż_k, (1+d)·n rows
        Buffer<T> a;   // a⁺ and the ȧ⁺_k, (1+d)·n rows
        Buffer<T> s2;  // σ''(z), n rows, where it does not follow from the others
    };

    [[nodiscard]] Index n_rows() const { return (1 + n_tangents_) * n_samples_; }

    void first_products(const PackedParameters<T>& parameters);
    void activate(std::size_t l);
    template <class Sigma>
    void activate_by(std::size_t l);
    void activate_adjoint(std::size_t l);
    template <class Sigma>
    void activate_adjoint_by(std::size_t l);

    Index n_tangents_;
    Passes passes_;
    Tangents tangents_;
    std::vector<LayerBuffers> buffers_;
    Buffer<T> adjoint_;       // of the layer at hand, (1+d)·n rows
    Buffer<T> next_adjoint_;  // of the layer below it
};

extern template class JetPropagation<float>;
extern template class JetPropagation<double>;

}  // namespace jetmlp
