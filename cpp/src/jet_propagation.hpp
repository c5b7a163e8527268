// A block of samples, values and tangents together, through a network and back.
//
// Rows are samples, features lie along a row. The rows of the values come first, then those of the
// tangent in each input direction k: row (1+k)·n + i belongs to sample i. So a layer is one
// product of (1+d)·n rows, not 1+d products of n.
#pragma once

#include "packed_parameters.hpp"

#include <jetmlp/types.hpp>

#include <vector>

namespace jetmlp {

enum class Passes { forward, forward_and_backward };

template <class T>
class JetPropagation {
  public:
    // n_tangents is the number of inputs d, or 0 for values alone.
    JetPropagation(const PackedLayout<T>& layout, Index n_tangents, Passes passes);

    // The most samples that one block takes: it fixes how sums are grouped, hence the last bits of
    // a result, and depends on nothing but the number of tangents.
    static Index block_samples(Index n_tangents);

    // Copies rows of d inputs in. The next forward pass runs on them.
    void begin(Index n_samples);
    T* input(Index sample) { return input_.data() + sample * input_stride_; }

    // Layer: z = W a + b, a⁺ = σ(z). Tangent k: ż_k = W ȧ_k, ȧ⁺_k = σ'(z) ⊙ ż_k, from ȧ_k = e_k.
    void forward(const PackedParameters<T>& parameters);

    // Output o of a sample: output(sample)[o]; its derivative along input k: tangent(sample, k)[o].
    [[nodiscard]] const T* output(Index sample) const { return output_row(sample); }
    [[nodiscard]] const T* tangent(Index sample, Index k) const {
        return output_row((1 + k) * n_samples_ + sample);
    }

    // Where the derivatives of the loss by output and tangent go before the backward pass.
    T* output_adjoint(Index sample) { return adjoint_row(sample); }
    T* tangent_adjoint(Index sample, Index k) { return adjoint_row((1 + k) * n_samples_ + sample); }

    // Adjoint, given ā (of a⁺) and ǡ_k (of ȧ⁺_k):
    //   z̄ = σ' ⊙ ā + Σ_k σ'' ⊙ ż_k ⊙ ǡ_k,  ż̄_k = σ' ⊙ ǡ_k,
    //   W̄ += Σ_samples (z̄ aᵀ + Σ_k ż̄_k ȧ_kᵀ),  b̄ += Σ z̄,  next ā = Wᵀ z̄, next ǡ_k = Wᵀ ż̄_k.
    void backward(const PackedParameters<T>& parameters, T* packed_gradient);

  private:
    struct LayerBuffers {
        Buffer<T> z;   // z and the ż_k, (1+d)·n rows
        Buffer<T> a;   // a⁺ and the ȧ⁺_k, (1+d)·n rows
        Buffer<T> s1;  // σ'(z), n rows
        Buffer<T> s2;  // σ''(z), n rows
    };

    [[nodiscard]] Index n_rows() const { return (1 + n_tangents_) * n_samples_; }
    [[nodiscard]] const T* output_row(Index row) const {
        return buffers_.back().a.data() + row * layers_.back().out_stride;
    }
    T* adjoint_row(Index row) { return adjoint_.data() + row * layers_.back().out_stride; }

    void first_products(const PackedParameters<T>& parameters);
    void activate(const T* bias, std::size_t l);
    void activate_adjoint(std::size_t l);
    void first_gradient(T* transposed_gradient);

    std::vector<PackedLayer> layers_;
    Index n_tangents_;
    Passes passes_;
    Index n_samples_ = 0;
    Index input_stride_;
    Buffer<T> input_;
    std::vector<LayerBuffers> buffers_;
    Buffer<T> adjoint_;       // of the layer at hand, (1+d)·n rows
    Buffer<T> next_adjoint_;  // of the layer below it
};

extern template class JetPropagation<float>;
extern template class JetPropagation<double>;

}  // namespace jetmlp
