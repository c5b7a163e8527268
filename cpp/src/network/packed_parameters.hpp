// The parameters of a network as the kernels want them: each row padded with zeros to whole
// vectors, and every W kept a second time transposed. The gradient is gathered in the same form.
#pragma once

#include "kernels/transpose.hpp"
#include "kernels/vector.hpp"

#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/architecture.hpp>

#include <Eigen/Core>

#include <vector>

namespace jetmlp {

template <class T>
using RowMajorMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using MatrixView = Eigen::Map<RowMajorMatrix<T>, Eigen::Unaligned, Eigen::OuterStride<>>;
template <class T>
using ConstMatrixView = Eigen::Map<const RowMajorMatrix<T>, Eigen::Unaligned, Eigen::OuterStride<>>;
template <class T>
using VectorView = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;
template <class T>
using ConstVectorView = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;

// Where one layer lies in the padded buffers.
struct PackedLayer {
    Index n_in;
    Index n_out;
    Index in_stride;         // padded n_in: row length of W
    Index out_stride;        // padded n_out: row length of Wᵀ, length of b
    Index weights;           // offset of W (n_out, in_stride)
    Index transposed;        // offset of Wᵀ (n_in, out_stride)
    Index bias;              // offset of b (out_stride)
    Index weights_gradient;  // offset of W̄ in a packed gradient: (n_out, in_stride), but for the
                             // first layer transposed, (n_in, out_stride)
    Index bias_gradient;     // offset of b̄ (out_stride)
    Activation activation;
};

template <class T>
class PackedLayout {
  public:
    explicit PackedLayout(const Architecture& architecture) {
        for (const Layer& layer : architecture.layers()) {
            PackedLayer packed{};
            packed.n_in = layer.n_in;
            packed.n_out = layer.n_out;
            packed.in_stride = kernels::padded<T>(layer.n_in);
            packed.out_stride = kernels::padded<T>(layer.n_out);
            packed.activation = layer.activation;

            const Index weights_size = packed.n_out * packed.in_stride;
            const Index transposed_size = packed.n_in * packed.out_stride;
            packed.weights = size_;
            packed.transposed = packed.weights + weights_size;
            packed.bias = packed.transposed + transposed_size;
            size_ = packed.bias + packed.out_stride;

            packed.weights_gradient = gradient_size_;
            packed.bias_gradient =
                packed.weights_gradient + (layers_.empty() ? transposed_size : weights_size);
            gradient_size_ = packed.bias_gradient + packed.out_stride;
            layers_.push_back(packed);
        }
    }

    [[nodiscard]] const std::vector<PackedLayer>& layers() const { return layers_; }
    [[nodiscard]] Index size() const { return size_; }  // W, Wᵀ and b of every layer
    [[nodiscard]] Index gradient_size() const { return gradient_size_; }  // W̄ and b̄

  private:
    std::vector<PackedLayer> layers_;
    Index gradient_size_ = 0;
    Index size_ = 0;
};

template <class T>
class PackedParameters {
  public:
    explicit PackedParameters(const Architecture& architecture)
        : layout_(architecture), data_(static_cast<std::size_t>(layout_.size()), T(0)) {}

    // Copies the flat vector in. The padding was zero from the start and stays so.
    void assign(const Architecture& architecture, const T* parameters) {
        for (std::size_t l = 0; l < layout_.layers().size(); ++l) {
            const Layer& flat = architecture.layers()[l];
            const PackedLayer& packed = layout_.layers()[l];
            const ConstMatrixView<T> weights(parameters + flat.weights_offset, flat.n_out,
                                             flat.n_in, Eigen::OuterStride<>(flat.n_in));
            MatrixView<T>(data_.data() + packed.weights, packed.n_out, packed.n_in,
                          Eigen::OuterStride<>(packed.in_stride)) = weights;
            kernels::transpose(flat.n_out, flat.n_in, parameters + flat.weights_offset, flat.n_in,
                               data_.data() + packed.transposed, packed.out_stride);
            VectorView<T>(data_.data() + packed.bias, packed.n_out) =
                ConstVectorView<T>(parameters + flat.bias_offset, flat.n_out);
        }
    }

    [[nodiscard]] const PackedLayout<T>& layout() const { return layout_; }
    [[nodiscard]] const T* weights(const PackedLayer& layer) const {
        return data_.data() + layer.weights;
    }
    [[nodiscard]] const T* transposed(const PackedLayer& layer) const {
        return data_.data() + layer.transposed;
    }
    [[nodiscard]] const T* bias(const PackedLayer& layer) const {
        return data_.data() + layer.bias;
    }

  private:
    PackedLayout<T> layout_;
    Buffer<T> data_;
};

// Entries [first, last) of the sum of packed gradients that lie one after the other, in that order,
// left in the first of them.
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

// Copies a packed gradient out into the flat vector.
template <class T>
void unpack_gradient(const Architecture& architecture, const PackedLayout<T>& layout,
                     const T* packed_gradient, T* gradient) {
    for (std::size_t l = 0; l < layout.layers().size(); ++l) {
        const Layer& flat = architecture.layers()[l];
        const PackedLayer& packed = layout.layers()[l];
        const T* const packed_weights = packed_gradient + packed.weights_gradient;
        if (l == 0) {
            kernels::transpose(packed.n_in, packed.n_out, packed_weights, packed.out_stride,
                               gradient + flat.weights_offset, flat.n_in);
        } else {
            MatrixView<T>(gradient + flat.weights_offset, flat.n_out, flat.n_in,
                          Eigen::OuterStride<>(flat.n_in)) =
                ConstMatrixView<T>(packed_weights, packed.n_out, packed.n_in,
                                   Eigen::OuterStride<>(packed.in_stride));
        }
        VectorView<T>(gradient + flat.bias_offset, flat.n_out) =
            ConstVectorView<T>(packed_gradient + packed.bias_gradient, packed.n_out);
    }
}

}  // namespace jetmlp
