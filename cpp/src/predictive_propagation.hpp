// What the propagations of second derivatives for predictions share.
#pragma once

#include "propagation.hpp"

#include <jetmlp/types.hpp>

#include <algorithm>
#include <stdexcept>

namespace jetmlp {

// One whose results are only read: there is no loss behind it to carry back.
template <class T>
class PredictivePropagation : public Propagation<T> {
  public:
    void backward(const PackedParameters<T>& /*parameters*/, T* /*packed_gradient*/) final {
        throw std::logic_error("backward: this propagation is for predictions");
    }

  protected:
    using Propagation<T>::Propagation;
};

// Only a curved activation has a second derivative anywhere but in single points.
constexpr bool is_curved(Activation activation) {
    return activation != Activation::relu && activation != Activation::identity;
}

// In the first layer ȧ_k is the unit vector e_k, so ż_k is column k of W for every sample: rows
// k·n + i, for k < n_in and i < n_samples.
template <class T>
void set_first_tangents(const PackedParameters<T>& parameters, const PackedLayer& layer,
                        Index n_samples, T* rows) {
    for (Index row = 0; row < layer.n_in * n_samples; ++row) {
        std::copy_n(parameters.transposed(layer) + row / n_samples * layer.out_stride,
                    layer.out_stride, rows + row * layer.out_stride);
    }
}

}  // namespace jetmlp
