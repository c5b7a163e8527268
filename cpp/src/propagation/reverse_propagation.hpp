// Derivatives carried back: the values forward, then each output's gradient by the inputs backward,
// for fewer outputs than inputs.
//
// Rows of gradients: row o·n + i belongs to output o of sample i. With l counting the layers from
// 0, layer l takes a_l to a_{l+1}.
#pragma once

#include "propagation/propagation.hpp"

#include <jetmlp/machine/types.hpp>

#include <vector>

namespace jetmlp {

template <class T>
class ReversePropagation final : public Propagation<T> {
  public:
    ReversePropagation(const PackedLayout<T>& layout, Passes passes);

    void begin(Index n_samples) override;

    // z_l = W_l a_l + b_l, a_{l+1} = σ(z_l), s_l = σ'(z_l). Then for every output g_L = e_o and
    //   u_l = g_{l+1} ⊙ s_l,  g_l = u_l W_l;  the derivatives are g_0.
    void forward(const PackedParameters<T>& parameters) override;

    // The adjoint of the backward sweep runs up, given ḡ_0:
    //   W̄_l += Σ u_lᵀ ḡ_l,  ū_l = ḡ_l W_lᵀ,  ḡ_{l+1} = ū_l ⊙ s_l,  and z_l gets Σ_o ū_l ⊙ g_{l+1} ⊙
    //   σ''(z_l).
    // Then that of the forward sweep runs down, given ā_L, with those additions:
    //   z̄_l = ā_{l+1} ⊙ s_l + …,  W̄_l += Σ z̄_l a_lᵀ,  b̄_l += Σ z̄_l,  ā_l = W_lᵀ z̄_l.
    void backward(const PackedParameters<T>& parameters, T* packed_gradient) override;

  private:
    using Propagation<T>::layers_;
    using Propagation<T>::input_;
    using Propagation<T>::n_samples_;

    struct LayerBuffers {
        Buffer<T> s1;  // σ'(z_l), n rows
        Buffer<T> s2;  // σ''(z_l), n rows; then the addition to z̄_l
        Buffer<T> g;   // g_{l+1}, m·n rows
        Buffer<T> u;   // u_l, m·n rows
    };

    [[nodiscard]] Index n_rows() const { return n_outputs_ * n_samples_; }
    [[nodiscard]] const T* layer_input(std::size_t l) const {
        return l == 0 ? input_.data() : a_[l - 1].data();
    }

    void activate(std::size_t l);
    void sweep_gradients(const PackedParameters<T>& parameters);
    void sweep_gradients_adjoint(const PackedParameters<T>& parameters, T* packed_gradient);
    void scale_adjoint(std::size_t l);

    Index n_outputs_;
    Passes passes_;
    typename ForwardPropagation<T>::LayerRows a_;  // a_{l+1}, n rows (z_l before its activation)
    std::vector<LayerBuffers> buffers_;
    Buffer<T> gradient_;          // g_0, m·n rows
    Buffer<T> gradient_adjoint_;  // ḡ_l, m·n rows
    Buffer<T> scaled_adjoint_;    // ū_l, then ḡ_{l+1}
    Buffer<T> adjoint_;           // ā_{l+1}, then z̄_l, n rows
    Buffer<T> next_adjoint_;      // ā_l
};

extern template class ReversePropagation<float>;
extern template class ReversePropagation<double>;

}  // namespace jetmlp
