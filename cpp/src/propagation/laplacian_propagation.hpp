// Laplacians carried forward with values and tangents: no Hessian.
#pragma once

#include "propagation/forward_propagation.hpp"

#include <jetmlp/machine/types.hpp>

namespace jetmlp {

// Rows: n of values, then n of tangents for each of the d inputs, then n of Laplacians.
// second_derivative(sample, o, 0) is the Laplacian of output o; there is nothing else to read.
template <class T>
class LaplacianPropagation final : public ForwardPropagation<T> {
  public:
    // input_factors (d), which must outlive the object, or null for 1: c_k, by which the
    // derivatives along input k are multiplied.
    LaplacianPropagation(const PackedLayout<T>& layout, const T* input_factors);

    void begin(Index n_samples) override;

    // With L = Σ_k c_k² ∂²/∂x_k²:  z = W a + b,  ż_k = W ȧ_k,  Lz = W La,  from ȧ_k = c_k e_k and
    // La = 0;
    //   a⁺ = σ(z),  ȧ⁺_k = σ'(z) ⊙ ż_k,  La⁺ = σ'(z) ⊙ Lz + σ''(z) ⊙ Σ_k ż_k².
    void forward(const PackedParameters<T>& parameters) override;

  private:
    using ForwardPropagation<T>::layers_;
    using ForwardPropagation<T>::input_;
    using ForwardPropagation<T>::n_samples_;

    void set_first_rows(const PackedParameters<T>& parameters);
    void activate(std::size_t l);

    Index n_inputs_;
    const T* input_factors_;
    typename ForwardPropagation<T>::LayerRows z_;  // z, the ż_k and Lz
    typename ForwardPropagation<T>::LayerRows a_;  // a⁺, the ȧ⁺_k and La⁺
};

extern template class LaplacianPropagation<float>;
extern template class LaplacianPropagation<double>;

}  // namespace jetmlp
