// Hessians as sums over neurons, from tangents carried forward and gradients carried back: no row
// for a pair of inputs goes through a layer.
//
// In the network each pre-activation z_lj enters y_o through a_{l+1,j} = σ(z_lj), and all that is
// curved are the activations, so
//   ∂²y_o/∂x_k∂x_k' = Σ_l Σ_j  ∂y_o/∂a_{l+1,j} · σ''(z_lj) · ∂z_lj/∂x_k · ∂z_lj/∂x_k'.
// A layer costs 1 + d + m rows of a product instead of the (1+d)(2+d)/2 of forward jets, and the
// sum over its neurons.
#pragma once

#include "propagation/forward_propagation.hpp"

#include <jetmlp/machine/types.hpp>

namespace jetmlp {

// Rows: n of values, then n of tangents for each of the d inputs; for gradients, row o·n + i
// belongs to output o of sample i. Layer l takes a_l to a_{l+1}. second_derivative(sample, o, p) is
// that of the pair p of inputs, numbered as by pair_of(); there is nothing else to read.
template <class T>
class HessianPropagation final : public ForwardPropagation<T> {
  public:
    explicit HessianPropagation(const PackedParameters<T>& parameters);

    void begin(Index n_samples) override;

    // Forward z_l = W_l a_l + b_l,  ż_lk = W_l ȧ_lk,  a_{l+1} = σ(z_l),  ȧ_{l+1,k} = σ'(z_l) ⊙
    // ż_lk; then back from g_L = e_o:  c_l = g_{l+1} ⊙ σ''(z_l), which weighs the sum over the
    // neurons, and g_l = (g_{l+1} ⊙ σ'(z_l)) W_l. `parameters` must be those that this object was
    // made of.
    void forward(const PackedParameters<T>& parameters) override;

  private:
    using ForwardPropagation<T>::layers_;
    using ForwardPropagation<T>::input_;
    using ForwardPropagation<T>::n_samples_;

    using Rows = typename ForwardPropagation<T>::LayerRows;

    [[nodiscard]] bool sums_by_dots() const;
    void square_first_weights(const PackedParameters<T>& parameters);
    void activate(std::size_t l);
    void sweep_gradients(const PackedParameters<T>& parameters);
    void scale_gradients(const Buffer<T>& slopes, Index width, T* to) const;
    void add_first_neurons(const PackedParameters<T>& parameters);
    void add_neurons(std::size_t l);
    void add_by_dots(std::size_t l, Index sample, Index row);
    void add_by_product(const T* curvatures, const T* tangents, Index tangent_stride, Index width,
                        const T* transposed, Index row);
    void gather_upper_triangles();

    Index n_inputs_;
    Index n_outputs_;
    Index n_pairs_;
    Index pairs_stride_;       // n_pairs, padded
    Rows z_;                   // z_l and the ż_lk, (1+d)·n rows
    Rows a_;                   // a_{l+1} and the ȧ_{l+1,k}, (1+d)·n rows
    Rows s1_;                  // σ'(z_l), n rows
    Rows s2_;                  // σ''(z_l), n rows
    Buffer<T> gradient_;       // g, then g ⊙ σ', m·n rows
    Buffer<T> next_gradient_;  // g of the layer below
    Buffer<T> curvature_;      // c, m·n rows
    Buffer<T> hessian_;        // by pairs, m·n rows
    Buffer<T> first_squares_;  // W_jk W_jk' by pairs of the first layer's neurons j
    Buffer<T> scaled_;         // c ⊙ ż_k of one sample and output, d rows
    Buffer<T> transposed_;     // ż of one sample with its inputs along the rows
    Buffer<T> squares_;        // whole Hessians d×d, m·n of them
};

extern template class HessianPropagation<float>;
extern template class HessianPropagation<double>;

}  // namespace jetmlp
