#include "network/packed_parameters.hpp"

#include "kernels/transpose.hpp"
#include "kernels/vector.hpp"

#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/parts.hpp>

#include <algorithm>

namespace jetmlp {

namespace {

// to (rows, columns) = from, both row-major with a stride.
template <class T>
void copy_rows(Index rows, Index columns, const T* from, Index from_stride, T* to,
               Index to_stride) {
    if (columns == from_stride && columns == to_stride) {
        std::copy_n(from, rows * columns, to);
        return;
    }
    for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < columns; ++j) {  // mostly too few for a call of memcpy
            to[i * to_stride + j] = from[i * from_stride + j];
        }
    }
}

}  // namespace

template <class T>
PackedLayout<T>::PackedLayout(const Architecture& architecture) {
    for (const Layer& layer : architecture.layers()) {
        PackedLayer packed{};
        packed.n_in = layer.n_in;
        packed.n_out = layer.n_out;
        packed.in_stride = kernels::padded<T>(layer.n_in);
        packed.out_stride = kernels::padded<T>(layer.n_out);
        packed.activation = layer.activation;

        const Index weights_size = checked_product(packed.n_out, packed.in_stride);
        const Index transposed_size = checked_product(packed.n_in, packed.out_stride);
        packed.weights = size_;
        packed.transposed = checked_sum(packed.weights, weights_size);
        packed.bias = checked_sum(packed.transposed, transposed_size);
        size_ = checked_sum(packed.bias, packed.out_stride);

        packed.weights_gradient = gradient_size_;
        packed.bias_gradient =
            checked_sum(packed.weights_gradient, layers_.empty() ? transposed_size : weights_size);
        gradient_size_ = checked_sum(packed.bias_gradient, packed.out_stride);
        layers_.push_back(packed);
    }
}

template <class T>
void PackedParameters<T>::assign(const Architecture& architecture, const T* parameters) {
    if (static_cast<Index>(data_.size()) < layout_.size()) {
        resize_in_parts(data_, layout_.size());
    }
    for (std::size_t l = 0; l < layout_.layers().size(); ++l) {
        const Layer& flat = architecture.layers()[l];
        const PackedLayer& packed = layout_.layers()[l];
        const T* const weights = parameters + flat.weights_offset;
        in_rows(flat.n_out, flat.n_in, [&](Index first, Index count) {
            const T* const rows = weights + first * flat.n_in;
            copy_rows(count, flat.n_in, rows, flat.n_in,
                      data_.data() + packed.weights + first * packed.in_stride, packed.in_stride);
            kernels::transpose(count, flat.n_in, rows, flat.n_in,
                               data_.data() + packed.transposed + first, packed.out_stride);
        });
        std::copy_n(parameters + flat.bias_offset, packed.n_out, data_.data() + packed.bias);
    }
}

template <class T>
void add_packed_gradients(Index count, Index size, Index first, Index last, T* gradients) {
    using kernels::load;
    for (Index at = first; at < last; at += kernels::lanes<T>) {
        kernels::Vector<T> sum = load(gradients + at);
        for (Index i = 1; i < count; ++i) {
            sum += load(gradients + i * size + at);
        }
        kernels::store(gradients + at, sum);
    }
}

template <class T>
void unpack_gradient(const Architecture& architecture, const PackedLayout<T>& layout,
                     const T* packed_gradient, T* gradient) {
    for (std::size_t l = 0; l < layout.layers().size(); ++l) {
        const Layer& flat = architecture.layers()[l];
        const PackedLayer& packed = layout.layers()[l];
        const T* const from = packed_gradient + packed.weights_gradient;
        T* const to = gradient + flat.weights_offset;
        if (l == 0) {
            in_rows(packed.n_in, packed.n_out, [&](Index first, Index count) {
                kernels::transpose(count, packed.n_out, from + first * packed.out_stride,
                                   packed.out_stride, to + first, flat.n_in);
            });
        } else {
            in_rows(packed.n_out, packed.n_in, [&](Index first, Index count) {
                copy_rows(count, packed.n_in, from + first * packed.in_stride, packed.in_stride,
                          to + first * flat.n_in, flat.n_in);
            });
        }
        std::copy_n(packed_gradient + packed.bias_gradient, packed.n_out,
                    gradient + flat.bias_offset);
    }
}

template class PackedLayout<float>;
template class PackedLayout<double>;
template class PackedParameters<float>;
template class PackedParameters<double>;
template void add_packed_gradients(Index, Index, Index, Index, float*);
template void add_packed_gradients(Index, Index, Index, Index, double*);
template void unpack_gradient(const Architecture&, const PackedLayout<float>&, const float*,
                              float*);
template void unpack_gradient(const Architecture&, const PackedLayout<double>&, const double*,
                              double*);

}  // namespace jetmlp
