// Hessians times a vector: a tangent along it through the values forward and through the gradients
// of the outputs backward.
#pragma once

#include "propagation/forward_propagation.hpp"

#include <jetmlp/machine/types.hpp>

namespace jetmlp {

// Rows: n of values and n of tangents; then, for the gradients, row o·n + i belongs to output o of
// sample i, and m·n rows of their tangents follow. Layer l takes a_l to a_{l+1}.
// second_derivative(sample, o, k) is Σ_l ∂²y_o/∂x_k∂x_l v_l; there is nothing else to read.
template <class T>
class HessianVectorPropagation final : public ForwardPropagation<T> {
  public:
    explicit HessianVectorPropagation(const PackedLayout<T>& layout);

    void begin(Index n_samples) override;
    // The vector v of a sample, to be written before the pass.
    T* direction(Index sample) { return direction_.data() + sample * layers_.front().in_stride; }

    // z_l = W_l a_l + b_l,  ż_l = W_l ȧ_l from ȧ_0 = v;  a_{l+1} = σ(z_l),  ȧ_{l+1} = σ'(z_l) ⊙
    // ż_l. Then for every output, from g_L = e_o and ġ_L = 0:
    //   u_l = g_{l+1} ⊙ σ'(z_l),  u̇_l = ġ_{l+1} ⊙ σ'(z_l) + g_{l+1} ⊙ σ''(z_l) ⊙ ż_l,
    //   g_l = u_l W_l,  ġ_l = u̇_l W_l;  the result is ġ_0.
    void forward(const PackedParameters<T>& parameters) override;

  private:
    using ForwardPropagation<T>::layers_;
    using ForwardPropagation<T>::input_;
    using ForwardPropagation<T>::n_samples_;

    using Rows = typename ForwardPropagation<T>::LayerRows;

    void activate(std::size_t l);
    void sweep_gradients(const PackedParameters<T>& parameters);
    void scale_gradients(std::size_t l);

    Index n_outputs_;
    Rows z_;                   // z_l and ż_l, 2n rows
    Rows a_;                   // a_{l+1} and ȧ_{l+1}, 2n rows
    Rows s1_;                  // σ'(z_l), n rows
    Rows s1_dot_;              // its tangent σ''(z_l) ⊙ ż_l, n rows
    Buffer<T> direction_;      // v, n rows
    Buffer<T> gradient_;       // g and ġ, then u and u̇, 2mn rows
    Buffer<T> next_gradient_;  // g and ġ of the layer below
    Buffer<T> result_;         // ġ_0, mn rows
};

extern template class HessianVectorPropagation<float>;
extern template class HessianVectorPropagation<double>;

}  // namespace jetmlp
