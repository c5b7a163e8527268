// A block of samples through a network and back: what training needs of the ways of getting the
// derivatives.
#pragma once

#include "propagation/forward_propagation.hpp"

#include <jetmlp/machine/types.hpp>

namespace jetmlp {

// Which ways an object is made to go: one for predictions keeps nothing for the way back.
enum class Passes { forward, forward_and_backward };

// Adds to a pass forward the way back: from the derivative of the loss by each output and each of
// its derivatives, the adjoints, to that by the parameters.
template <class T>
class Propagation : public ForwardPropagation<T> {
  public:
    // With given directions, direction k at a sample, to be written as its input is.
    T* tangent(Index sample, Index k) { return this->input((1 + k) * n_samples_ + sample); }

    // Before the backward pass: ∂loss by each of them. begin() has set all to zero.
    T& output_adjoint(Index sample, Index o) { return output_adjoints_.at(sample, o, 0); }
    T& derivative_adjoint(Index sample, Index o, Index k) {
        return derivative_adjoints_.at(sample, o, k);
    }
    T& second_derivative_adjoint(Index sample, Index o, Index which) {
        return second_derivative_adjoints_.at(sample, o, which);
    }

    // Adds the gradient of the loss by the parameters.
    virtual void backward(const PackedParameters<T>& parameters, T* packed_gradient) = 0;

  protected:
    template <class U>
    using Places = typename ForwardPropagation<T>::template Places<U>;

    using ForwardPropagation<T>::ForwardPropagation;
    using ForwardPropagation<T>::layers_;
    using ForwardPropagation<T>::input_;
    using ForwardPropagation<T>::n_samples_;

    // W̄ += Dᵀ A for D (rows, n_out) and A (rows, n_in). The first layer keeps W̄ᵀ, because with few
    // inputs the rows of W̄ would fill few lanes.
    void add_weights_gradient(std::size_t l, Index rows, const T* d, const T* a,
                              T* packed_gradient) const;
    // That of the first layer, from the adjoints of the values and then of the tangents along the
    // inputs: W̄ᵀ += Σ x z̄ᵀ, and to row k of it the sum of ż̄_k, whose ȧ_k is e_k.
    void add_first_weights_gradient(Index n_tangents, const T* adjoint, T* packed_gradient) const;
    // b̄ += Σ of the rows of D.
    static void add_bias_gradient(const PackedLayer& layer, Index rows, const T* d,
                                  T* packed_gradient);

    Places<T> output_adjoints_;
    Places<T> derivative_adjoints_;
    Places<T> second_derivative_adjoints_;
};

extern template class Propagation<float>;
extern template class Propagation<double>;

}  // namespace jetmlp
