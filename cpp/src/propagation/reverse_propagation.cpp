#include "propagation/reverse_propagation.hpp"

#include "kernels/activations.hpp"

#include <algorithm>
#include <utility>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::load_pack;
using kernels::store;
using kernels::Vector;

template <class T>
ReversePropagation<T>::ReversePropagation(const PackedLayout<T>& layout, Passes passes)
    : Propagation<T>(layout, layout.layers().back().n_out),
      n_outputs_(layers_.back().n_out),
      passes_(passes),
      buffers_(layers_.size()) {
    const Index n_samples = this->block_samples();
    const Index most_rows = n_outputs_ * n_samples;
    a_ = this->layer_rows(n_samples);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        const Index width = layers_[l].out_stride;
        buffers_[l].s1 = this->zeros(n_samples, width);
        buffers_[l].g = this->zeros(most_rows, width);
        buffers_[l].u = this->zeros(most_rows, width);
        if (passes == Passes::forward_and_backward) {
            buffers_[l].s2 = this->zeros(n_samples, width);
        }
    }
    gradient_ = this->zeros(most_rows, layers_.front().in_stride);
    if (passes == Passes::forward_and_backward) {
        gradient_adjoint_ = this->zeros(most_rows, this->widest());
        scaled_adjoint_ = this->zeros(most_rows, this->widest());
        adjoint_ = this->zeros(n_samples, this->widest());
        next_adjoint_ = this->zeros(n_samples, this->widest());
    }
}

template <class T>
void ReversePropagation<T>::begin(Index n_samples) {
    n_samples_ = n_samples;
    const Index in_stride = layers_.front().in_stride;
    const Index out_stride = layers_.back().out_stride;
    this->outputs_ = {a_.back().data(), out_stride, 1, 0};
    this->derivatives_ = {gradient_.data(), in_stride, n_samples * in_stride, 1};

    Buffer<T>& last = buffers_.back().g;  // g_L = e_o
    std::fill_n(last.begin(), n_rows() * out_stride, T(0));
    for (Index row = 0; row < n_rows(); ++row) {
        last[static_cast<std::size_t>(row * out_stride + row / n_samples)] = T(1);
    }
    if (passes_ == Passes::forward_and_backward) {
        std::fill_n(adjoint_.begin(), n_samples * out_stride, T(0));
        std::fill_n(gradient_adjoint_.begin(), n_rows() * in_stride, T(0));
        this->output_adjoints_ = {adjoint_.data(), out_stride, 1, 0};
        this->derivative_adjoints_ = {gradient_adjoint_.data(), in_stride, n_samples * in_stride,
                                      1};
    }
}

template <class T>
void ReversePropagation<T>::forward(const PackedParameters<T>& parameters) {
    this->set_first_values(parameters, a_.front().data());
    this->through_layers(parameters, n_samples_, a_, a_, [this](std::size_t l) { activate(l); });
    sweep_gradients(parameters);
}

template <class T>
void ReversePropagation<T>::activate(std::size_t l) {
    LayerBuffers& buffers = buffers_[l];
    const bool keep_curvatures = passes_ == Passes::forward_and_backward;
    kernels::visit(layers_[l].activation, [&]<class Sigma>(Sigma) {
        const Index size = n_samples_ * layers_[l].out_stride;
        kernels::for_each_pack<T, Sigma::pack>(size, [&]<int N>(Index at) {
            T* const a = a_[l].data() + at;
            const kernels::ActivationJet<T, N> jet = Sigma::at(load_pack<N>(a));
            store(a, jet.a);
            store(buffers.s1.data() + at, jet.s1);
            if (keep_curvatures) {
                store(buffers.s2.data() + at, jet.s2);
            }
        });
    });
}

template <class T>
void ReversePropagation<T>::sweep_gradients(const PackedParameters<T>& parameters) {
    for (std::size_t l = layers_.size(); l > 0;) {
        --l;
        LayerBuffers& buffers = buffers_[l];
        const Index size = n_samples_ * layers_[l].out_stride;
        for (Index o = 0; o < n_outputs_; ++o) {
            for (Index at = 0; at < size; at += lanes<T>) {
                store(buffers.u.data() + o * size + at,
                      load(buffers.g.data() + o * size + at) * load(buffers.s1.data() + at));
            }
        }
        this->multiply(parameters, layers_[l], n_rows(), buffers.u.data(),
                       l == 0 ? gradient_.data() : buffers_[l - 1].g.data());
    }
}

template <class T>
void ReversePropagation<T>::backward(const PackedParameters<T>& parameters, T* packed_gradient) {
    sweep_gradients_adjoint(parameters, packed_gradient);
    for (std::size_t l = layers_.size(); l > 0;) {
        --l;
        const LayerBuffers& buffers = buffers_[l];
        const Index size = n_samples_ * layers_[l].out_stride;
        for (Index at = 0; at < size; at += lanes<T>) {
            store(adjoint_.data() + at, load(adjoint_.data() + at) * load(buffers.s1.data() + at) +
                                            load(buffers.s2.data() + at));
        }
        this->add_bias_gradient(layers_[l], n_samples_, adjoint_.data(), packed_gradient);
        this->add_weights_gradient(l, n_samples_, adjoint_.data(), layer_input(l), packed_gradient);
        if (l > 0) {
            this->multiply(parameters, layers_[l], n_samples_, adjoint_.data(),
                           next_adjoint_.data());
            std::swap(adjoint_, next_adjoint_);
        }
    }
}

template <class T>
void ReversePropagation<T>::sweep_gradients_adjoint(const PackedParameters<T>& parameters,
                                                    T* packed_gradient) {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        this->add_weights_gradient(l, n_rows(), buffers_[l].u.data(), gradient_adjoint_.data(),
                                   packed_gradient);
        this->multiply_by_transposed(parameters, layers_[l], n_rows(), gradient_adjoint_.data(), 0,
                                     scaled_adjoint_.data());
        scale_adjoint(l);
        std::swap(gradient_adjoint_, scaled_adjoint_);
    }
}

// From ū_l: what it adds to z̄_l, in the place of σ'', and ḡ_{l+1} in its own.
template <class T>
void ReversePropagation<T>::scale_adjoint(std::size_t l) {
    LayerBuffers& buffers = buffers_[l];
    const Index size = n_samples_ * layers_[l].out_stride;
    for (Index at = 0; at < size; at += lanes<T>) {
        const Vector<T> s1 = load(buffers.s1.data() + at);
        Vector<T> through_slope{};
        for (Index o = 0; o < n_outputs_; ++o) {
            T* const u_adjoint = scaled_adjoint_.data() + o * size + at;
            through_slope += load(u_adjoint) * load(buffers.g.data() + o * size + at);
            store(u_adjoint, load(u_adjoint) * s1);
        }
        store(buffers.s2.data() + at, load(buffers.s2.data() + at) * through_slope);
    }
}

template class ReversePropagation<float>;
template class ReversePropagation<double>;

}  // namespace jetmlp
