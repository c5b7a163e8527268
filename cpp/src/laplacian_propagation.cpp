#include "laplacian_propagation.hpp"

#include "kernels/activations.hpp"

#include <algorithm>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::store;
using kernels::Vector;

template <class T>
LaplacianPropagation<T>::LaplacianPropagation(const PackedLayout<T>& layout)
    : PredictivePropagation<T>(layout, layout.layers().front().n_in + 1),
      n_inputs_(layers_.front().n_in) {
    const Index most_rows = (n_inputs_ + 2) * this->block_samples();
    z_ = this->zeros(most_rows, this->widest());
    a_ = this->zeros(most_rows, this->widest());
}

template <class T>
void LaplacianPropagation<T>::begin(Index n_samples) {
    n_samples_ = n_samples;
    const Index stride = layers_.back().out_stride;
    const Index next_tangent = n_samples * stride;
    this->outputs_ = {a_.data(), stride, 1, 0};
    this->derivatives_ = {a_.data() + next_tangent, stride, 1, next_tangent};
    this->second_derivatives_ = {a_.data() + (1 + n_inputs_) * next_tangent, stride, 1, 0};
}

template <class T>
void LaplacianPropagation<T>::forward(const PackedParameters<T>& parameters) {
    first_products(parameters);
    activate(parameters.bias(layers_.front()), layers_.front());
    for (std::size_t l = 1; l < layers_.size(); ++l) {
        this->multiply_by_transposed(parameters, layers_[l], (2 + n_inputs_) * n_samples_,
                                     a_.data(), z_.data());
        activate(parameters.bias(layers_[l]), layers_[l]);
    }
}

template <class T>
void LaplacianPropagation<T>::first_products(const PackedParameters<T>& parameters) {
    const PackedLayer& layer = layers_.front();
    const Index next_tangent = n_samples_ * layer.out_stride;
    this->multiply_by_transposed(parameters, layer, n_samples_, input_.data(), z_.data());
    set_first_tangents(parameters, layer, n_samples_, n_inputs_, z_.data() + next_tangent);
    std::fill_n(z_.begin() + (1 + n_inputs_) * next_tangent, next_tangent, T(0));
}

template <class T>
void LaplacianPropagation<T>::activate(const T* bias, const PackedLayer& layer) {
    const Index width = layer.out_stride;
    const Index next_tangent = n_samples_ * width;
    kernels::visit(layer.activation, [&]<class Sigma>(Sigma) {
        for (Index i = 0; i < n_samples_; ++i) {
            for (Index j = 0; j < width; j += lanes<T>) {
                Index at = i * width + j;
                const kernels::ActivationJet<T> jet =
                    Sigma::template at<T>(load(z_.data() + at) + load(bias + j));
                store(a_.data() + at, jet.a);
                Vector<T> squares{};
                for (Index k = 0; k < n_inputs_; ++k) {
                    at += next_tangent;
                    const Vector<T> tangent = load(z_.data() + at);
                    squares += tangent * tangent;
                    store(a_.data() + at, jet.s1 * tangent);
                }
                at += next_tangent;
                store(a_.data() + at, jet.s1 * load(z_.data() + at) + jet.s2 * squares);
            }
        }
    });
}

template class LaplacianPropagation<float>;
template class LaplacianPropagation<double>;

}  // namespace jetmlp
