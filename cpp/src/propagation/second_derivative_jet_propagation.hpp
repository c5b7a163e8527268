// Second derivatives carried forward beside values and tangents, and all of them back: the way to
// train on Hessians.
//
// The rows of the values come first, then those of the tangent in each input direction k, then
// those of each pair of inputs k ≤ l: (1+d)(2+d)/2 times n.
#pragma once

#include "propagation/propagation.hpp"

#include <jetmlp/machine/types.hpp>

#include <vector>

namespace jetmlp {

// second_derivative(sample, o, p) is that of the pair p of inputs, numbered as by pair_of().
template <class T>
class SecondDerivativeJetPropagation final : public Propagation<T> {
  public:
    SecondDerivativeJetPropagation(const PackedLayout<T>& layout, Passes passes);

    void begin(Index n_samples) override;

    // Layer: z = W a + b, ż_k = W ȧ_k, z̈_kl = W ä_kl, from ȧ_k = e_k and ä_kl = 0;
    //   a⁺ = σ(z),  ȧ⁺_k = σ' ⊙ ż_k,  ä⁺_kl = σ' ⊙ z̈_kl + σ'' ⊙ ż_k ⊙ ż_l.
    void forward(const PackedParameters<T>& parameters) override;

    // Adjoint, given ā, ǡ_k, ǟ_kl of a⁺, ȧ⁺_k, ä⁺_kl:
    //   z̈̄_kl = σ' ⊙ ǟ_kl,
    //   ż̄_k = σ' ⊙ ǡ_k + σ'' ⊙ (Σ_{l≥k} ż_l ⊙ ǟ_kl + Σ_{l≤k} ż_l ⊙ ǟ_lk),
    //   z̄ = σ' ⊙ ā + σ'' ⊙ Σ_k ż_k ⊙ ǡ_k + Σ_{k≤l} (σ'' ⊙ z̈_kl + σ''' ⊙ ż_k ⊙ ż_l) ⊙ ǟ_kl,
    //   W̄ += Σ_samples (z̄ aᵀ + Σ_k ż̄_k ȧ_kᵀ + Σ_{k≤l} z̈̄_kl ä_klᵀ),  b̄ += Σ z̄,
    // and the next adjoints are the products of z̄, ż̄_k, z̈̄_kl with W.
    void backward(const PackedParameters<T>& parameters, T* packed_gradient) override;

  private:
    using Propagation<T>::layers_;
    using Propagation<T>::input_;
    using Propagation<T>::n_samples_;

    struct LayerBuffers {
        Buffer<T> z;   // z, then σ'(z) in its place, the ż_k and the z̈_kl
        Buffer<T> a;   // a⁺, the ȧ⁺_k and the ä⁺_kl
        Buffer<T> s2;  // σ''(z), n rows
        Buffer<T> s3;  // σ'''(z), n rows
    };

    [[nodiscard]] Index n_rows() const { return (1 + n_inputs_ + n_pairs_) * n_samples_; }

    void first_products(const PackedParameters<T>& parameters);
    void activate(std::size_t l);
    template <class Sigma>
    void activate_by(std::size_t l);
    void activate_adjoint(std::size_t l);

    Index n_inputs_;
    Index n_pairs_;
    Passes passes_;
    std::vector<LayerBuffers> buffers_;
    Buffer<T> adjoint_;       // of the layer at hand
    Buffer<T> next_adjoint_;  // of the layer below it
};

extern template class SecondDerivativeJetPropagation<float>;
extern template class SecondDerivativeJetPropagation<double>;

}  // namespace jetmlp
