// The parameters of a network as the kernels want them: each row padded with zeros to whole
// vectors, and every W kept a second time transposed. The gradient is gathered in the same form.
#pragma once

#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/architecture.hpp>

#include <vector>

namespace jetmlp {

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
    explicit PackedLayout(const Architecture& architecture);

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
    explicit PackedParameters(const Architecture& architecture) : layout_(architecture) {}

    // Copies the flat vector in. The padding is zero from the first time on.
    void assign(const Architecture& architecture, const T* parameters);
    // Gives back the memory, until the next are assigned.
    void release() { Buffer<T>().swap(data_); }

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
void add_packed_gradients(Index count, Index size, Index first, Index last, T* gradients);

// Copies a packed gradient out into the flat vector.
template <class T>
void unpack_gradient(const Architecture& architecture, const PackedLayout<T>& layout,
                     const T* packed_gradient, T* gradient);

extern template class PackedLayout<float>;
extern template class PackedLayout<double>;
extern template class PackedParameters<float>;
extern template class PackedParameters<double>;

}  // namespace jetmlp
