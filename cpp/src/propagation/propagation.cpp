#include "propagation/propagation.hpp"

#include "kernels/product.hpp"
#include "propagation/jet_propagation.hpp"
#include "propagation/reverse_propagation.hpp"

#include <algorithm>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::product;
using kernels::store;
using kernels::Vector;

template <class T>
Propagation<T>::Propagation(const PackedLayout<T>& layout, Index n_derivative_rows)
    : layers_(layout.layers()) {
    // About 128 rows of 64 numbers are a product large enough to run at full speed, and a few
    // such matrices per layer stay in the second-level cache.
    constexpr Index rows = 128;
    block_samples_ = std::max<Index>(1, rows / (1 + n_derivative_rows));
    input_ = zeros(block_samples_, layers_.front().in_stride);
}

template <class T>
Buffer<T> Propagation<T>::zeros(Index rows, Index width) {
    return Buffer<T>(static_cast<std::size_t>(rows * width), T(0));
}

template <class T>
void Propagation<T>::multiply_by_transposed(const PackedParameters<T>& parameters,
                                            const PackedLayer& layer, Index rows, const T* a,
                                            Index biased, T* c) {
    const T* const bias = parameters.bias(layer);
    if (layer.n_out <= kernels::most_dots<T>) {
        kernels::product_of_rows<T>(rows, layer.n_out, layer.in_stride, a,
                                    parameters.weights(layer), bias, biased, c, layer.out_stride);
    } else {
        product<T>(rows, layer.out_stride, layer.n_in, {a, layer.in_stride, 1},
                   parameters.transposed(layer), layer.out_stride, {bias, 0, biased}, c,
                   layer.out_stride);
    }
}

template <class T>
void Propagation<T>::multiply(const PackedParameters<T>& parameters, const PackedLayer& layer,
                              Index rows, const T* a, T* c) {
    product<T>(rows, layer.in_stride, layer.n_out, {a, layer.out_stride, 1},
               parameters.weights(layer), layer.in_stride, c, layer.in_stride, false);
}

template <class T>
void Propagation<T>::add_weights_gradient(std::size_t l, Index rows, const T* d, const T* a,
                                          T* packed_gradient) const {
    const PackedLayer& layer = layers_[l];
    T* const gradient = packed_gradient + layer.weights_gradient;
    if (l == 0) {
        product<T>(layer.n_in, layer.out_stride, rows, {a, 1, layer.in_stride}, d, layer.out_stride,
                   gradient, layer.out_stride, true);
    } else {
        product<T>(layer.n_out, layer.in_stride, rows, {d, 1, layer.out_stride}, a, layer.in_stride,
                   gradient, layer.in_stride, true);
    }
}

template <class T>
void Propagation<T>::add_first_weights_gradient(Index n_tangents, const T* adjoint,
                                                T* packed_gradient) const {
    add_weights_gradient(0, n_samples_, adjoint, input_.data(), packed_gradient);
    const PackedLayer& layer = layers_.front();
    for (Index k = 0; k < n_tangents; ++k) {
        add_column_sums(n_samples_, layer.out_stride,
                        adjoint + (1 + k) * n_samples_ * layer.out_stride,
                        packed_gradient + layer.weights_gradient + k * layer.out_stride);
    }
}

template <class T>
void Propagation<T>::add_bias_gradient(const PackedLayer& layer, Index rows, const T* d,
                                       T* packed_gradient) {
    add_column_sums(rows, layer.out_stride, d, packed_gradient + layer.bias_gradient);
}

template <class T>
Index Propagation<T>::widest() const {
    Index width = layers_.front().in_stride;
    for (const PackedLayer& layer : layers_) {
        width = std::max(width, layer.out_stride);
    }
    return width;
}

template <class T>
void add_column_sums(Index n_rows, Index width, const T* rows, T* total) {
    for (Index j = 0; j < width; j += lanes<T>) {
        Vector<T> sum{};
        for (Index i = 0; i < n_rows; ++i) {
            sum += load(rows + i * width + j);
        }
        store(total + j, load(total + j) + sum);
    }
}

template <class T>
void set_first_tangents(const PackedParameters<T>& parameters, const PackedLayer& layer,
                        Index n_tangents, Index n_samples, T* rows) {
    for (Index k = 0; k < n_tangents; ++k) {
        const T* const column = parameters.transposed(layer) + k * layer.out_stride;
        for (Index i = 0; i < n_samples; ++i, rows += layer.out_stride) {
            for (Index j = 0; j < layer.out_stride; j += lanes<T>) {
                store(rows + j, load(column + j));
            }
        }
    }
}

template <class T>
std::unique_ptr<Propagation<T>> make_propagation(const PackedLayout<T>& layout,
                                                 bool with_derivatives, Passes passes) {
    const Index d = layout.layers().front().n_in;
    const Index m = layout.layers().back().n_out;
    if (with_derivatives && m < d) {
        return std::make_unique<ReversePropagation<T>>(layout, passes);
    }
    return std::make_unique<JetPropagation<T>>(layout, with_derivatives ? d : 0, passes);
}

template <class T>
std::unique_ptr<Propagation<T>> make_directional_propagation(const PackedLayout<T>& layout,
                                                             Index n_directions) {
    return std::make_unique<JetPropagation<T>>(layout, n_directions, Passes::forward_and_backward,
                                               Tangents::given);
}

template class Propagation<float>;
template class Propagation<double>;
template void set_first_tangents(const PackedParameters<float>&, const PackedLayer&, Index, Index,
                                 float*);
template void set_first_tangents(const PackedParameters<double>&, const PackedLayer&, Index, Index,
                                 double*);
template void add_column_sums(Index, Index, const float*, float*);
template void add_column_sums(Index, Index, const double*, double*);
template std::unique_ptr<Propagation<float>> make_propagation(const PackedLayout<float>&, bool,
                                                              Passes);
template std::unique_ptr<Propagation<double>> make_propagation(const PackedLayout<double>&, bool,
                                                               Passes);
template std::unique_ptr<Propagation<float>> make_directional_propagation(
    const PackedLayout<float>&, Index);
template std::unique_ptr<Propagation<double>> make_directional_propagation(
    const PackedLayout<double>&, Index);

}  // namespace jetmlp
