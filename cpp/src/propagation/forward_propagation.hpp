// A block of samples through a network, values and derivatives together: what is common to all ways
// of getting the derivatives. This alone predicts; what also trains is a Propagation.
#pragma once

#include "network/packed_parameters.hpp"

#include <jetmlp/machine/types.hpp>

#include <vector>

namespace jetmlp {

// Rows are samples, features lie along a row, padded to whole vectors.
template <class T>
class ForwardPropagation {
  public:
    // About so many rows of 64 numbers are a product large enough to run at full speed, and a few
    // such matrices per layer stay in the second-level cache.
    static constexpr Index block_rows = 128;

    ForwardPropagation(const ForwardPropagation&) = delete;
    ForwardPropagation& operator=(const ForwardPropagation&) = delete;
    virtual ~ForwardPropagation() = default;

    // The most samples that one block takes. It fixes how sums are grouped, hence the last bits of
    // a result, and depends on nothing but the numbers of inputs and outputs.
    [[nodiscard]] Index block_samples() const { return block_samples_; }

    // The next passes run on this many samples, whose inputs are to be written to input(sample).
    virtual void begin(Index n_samples) = 0;
    T* input(Index sample) { return input_.data() + sample * layers_.front().in_stride; }

    virtual void forward(const PackedParameters<T>& parameters) = 0;

    // After the forward pass, of those that the propagation's own header does not leave out: output
    // o of a sample, and its derivative along input k.
    [[nodiscard]] T output(Index sample, Index o) const { return outputs_.at(sample, o, 0); }
    [[nodiscard]] T derivative(Index sample, Index o, Index k) const {
        return derivatives_.at(sample, o, k);
    }
    // Second derivatives, in the order that its header says; without a word of them it has none.
    [[nodiscard]] T second_derivative(Index sample, Index o, Index which) const {
        return second_derivatives_.at(sample, o, which);
    }

  protected:
    // Where the number that belongs to (sample, output, input) stands.
    template <class U>
    struct Places {
        U* data = nullptr;
        Index sample = 0;
        Index output = 0;
        Index input = 0;

        [[nodiscard]] U& at(Index i, Index o, Index k) const {
            return data[i * sample + o * output + k * input];
        }
    };

    // n_derivative_rows: rows that each sample has besides the one of its values.
    ForwardPropagation(const PackedLayout<T>& layout, Index n_derivative_rows);

    static Buffer<T> zeros(Index rows, Index width);
    // Rows for the outputs of each layer. Layers do not share them: a row may end in padding that
    // no product writes, which must not hold what another layer left of another sample.
    using LayerRows = std::vector<Buffer<T>>;
    [[nodiscard]] LayerRows layer_rows(Index rows) const;

    // C (rows, n_out) = A Wᵀ, and + b in the first `biased` rows;  C (rows, n_in) = A W: all rows
    // padded as the layer's are.
    static void multiply_by_transposed(const PackedParameters<T>& parameters,
                                       const PackedLayer& layer, Index rows, const T* a,
                                       Index biased, T* c);
    static void multiply(const PackedParameters<T>& parameters, const PackedLayer& layer,
                         Index rows, const T* a, T* c);

    // The rows of the values of the first layer: z = W x + b.
    void set_first_values(const PackedParameters<T>& parameters, T* z) const;
    // Those of the tangents along the inputs. There ȧ_k is the unit vector e_k, so ż_k is column k
    // of W for every sample: rows k·n + i, for all inputs k and samples i.
    void set_first_tangents(const PackedParameters<T>& parameters, T* z) const;

    // The one way through the layers. The z of the first layer is there already; then
    //   a⁺ = activate(z),  next z = W a⁺ in all rows, + b in those of the values, which come first.
    // activate(l) makes a[l] of z[l].
    template <class Activate>
    void through_layers(const PackedParameters<T>& parameters, Index rows, LayerRows& z,
                        const LayerRows& a, const Activate& activate) {
        activate(std::size_t{0});
        for (std::size_t l = 1; l < layers_.size(); ++l) {
            multiply_by_transposed(parameters, layers_[l], rows, a[l - 1].data(), n_samples_,
                                   z[l].data());
            activate(l);
        }
    }

    [[nodiscard]] Index widest() const;

    std::vector<PackedLayer> layers_;
    Index block_samples_;
    Index n_samples_ = 0;
    Buffer<T> input_;
    Places<const T> outputs_;
    Places<const T> derivatives_;
    Places<const T> second_derivatives_;
};

extern template class ForwardPropagation<float>;
extern template class ForwardPropagation<double>;

}  // namespace jetmlp
