// What the propagations of second derivatives for predictions share.
#pragma once

#include "propagation/propagation.hpp"

#include <jetmlp/machine/types.hpp>

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

}  // namespace jetmlp
