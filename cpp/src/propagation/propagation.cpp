#include "propagation/propagation.hpp"

#include "kernels/product.hpp"

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::product;
using kernels::store;
using kernels::Vector;

namespace {

// total[j] += Σ_i rows[i·width + j] for j < width, a multiple of the vector length.
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

}  // namespace

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

template class Propagation<float>;
template class Propagation<double>;

}  // namespace jetmlp
