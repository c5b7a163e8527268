// A block of samples through a network and back, values and derivatives together: what is common to
// the two ways of getting the derivatives.
#pragma once

#include "network/packed_parameters.hpp"

#include <jetmlp/machine/types.hpp>

#include <memory>
#include <vector>

namespace jetmlp {

enum class Passes { forward, forward_and_backward };

// Rows are samples, features lie along a row, padded to whole vectors.
template <class T>
class Propagation {
  public:
    Propagation(const Propagation&) = delete;
    Propagation& operator=(const Propagation&) = delete;
    virtual ~Propagation() = default;

    // The most samples that one block takes. It fixes how sums are grouped, hence the last bits of
    // a result, and depends on nothing but the numbers of inputs and outputs.
    [[nodiscard]] Index block_samples() const { return block_samples_; }

    // The next passes run on this many samples, whose inputs are to be written to input(sample).
    virtual void begin(Index n_samples) = 0;
    T* input(Index sample) { return input_.data() + sample * layers_.front().in_stride; }
    // Of a directional propagation: its direction k at a sample, to be written too.
    T* tangent(Index sample, Index k) { return input((1 + k) * n_samples_ + sample); }

    virtual void forward(const PackedParameters<T>& parameters) = 0;

    // After the forward pass: output o of a sample, and its derivative along input k.
    [[nodiscard]] T output(Index sample, Index o) const { return outputs_.at(sample, o, 0); }
    [[nodiscard]] T derivative(Index sample, Index o, Index k) const {
        return derivatives_.at(sample, o, k);
    }
    // Second derivatives in the order of their propagation (of pairs of inputs, for a Hessian);
    // only those that say so in their own header have any.
    [[nodiscard]] T second_derivative(Index sample, Index o, Index which) const {
        return second_derivatives_.at(sample, o, which);
    }

    // Before the backward pass: ∂loss by each of them. begin() has set all to zero.
    T& output_adjoint(Index sample, Index o) { return output_adjoints_.at(sample, o, 0); }
    T& derivative_adjoint(Index sample, Index o, Index k) {
        return derivative_adjoints_.at(sample, o, k);
    }
    T& second_derivative_adjoint(Index sample, Index o, Index which) {
        return second_derivative_adjoints_.at(sample, o, which);
    }

    // Adds the gradient of the loss by the parameters.
    virtual void backward(const PackedParameters<T>& parameters, T* packed_gradient) = 0;

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
    Propagation(const PackedLayout<T>& layout, Index n_derivative_rows);

    static Buffer<T> zeros(Index rows, Index width);

    // C (rows, n_out) = A Wᵀ, and + b in the first `biased` rows;  C (rows, n_in) = A W: all rows
    // padded as the layer's are.
    static void multiply_by_transposed(const PackedParameters<T>& parameters,
                                       const PackedLayer& layer, Index rows, const T* a,
                                       Index biased, T* c);
    static void multiply(const PackedParameters<T>& parameters, const PackedLayer& layer,
                         Index rows, const T* a, T* c);
    // W̄ += Dᵀ A for D (rows, n_out) and A (rows, n_in). The first layer keeps W̄ᵀ, because with few
    // inputs the rows of W̄ would fill few lanes.
    void add_weights_gradient(std::size_t l, Index rows, const T* d, const T* a,
                              T* packed_gradient) const;
    // That of the first layer, from the adjoints of the values and then of the tangents along the
    // inputs: W̄ᵀ += Σ x z̄ᵀ, and to row k of it the sum of ż̄_k, whose ȧ_k is e_k.
    void add_first_weights_gradient(Index n_tangents, const T* adjoint, T* packed_gradient) const;
    // b̄ += Σ of the rows of D.
    static void add_bias_gradient(const PackedLayer& layer, Index rows, const T* d,
                                  T* packed_gradient);

    [[nodiscard]] Index widest() const;

    std::vector<PackedLayer> layers_;
    Index block_samples_;
    Index n_samples_ = 0;
    Buffer<T> input_;
    Places<const T> outputs_;
    Places<const T> derivatives_;
    Places<const T> second_derivatives_;
    Places<T> output_adjoints_;
    Places<T> derivative_adjoints_;
    Places<T> second_derivative_adjoints_;
};

// Total[j] += Σ_i rows[i·width + j] for j < width, a multiple of the vector length.
template <class T>
void add_column_sums(Index n_rows, Index width, const T* rows, T* total);

// In the first layer ȧ_k is the unit vector e_k, so ż_k is column k of W for every sample: rows
// k·n_samples + i, for k < n_tangents and i < n_samples.
template <class T>
void set_first_tangents(const PackedParameters<T>& parameters, const PackedLayer& layer,
                        Index n_tangents, Index n_samples, T* rows);

// Values alone, or with the Jacobian by the cheaper way. For each layer and sample, loss and
// gradient take 3(1+d) products carried forward along d inputs, 3(1+m) carried back from m outputs.
template <class T>
std::unique_ptr<Propagation<T>> make_propagation(const PackedLayout<T>& layout,
                                                 bool with_derivatives, Passes passes);

// Values and derivatives along this many directions, which each sample gives: 3(1+n) products.
template <class T>
std::unique_ptr<Propagation<T>> make_directional_propagation(const PackedLayout<T>& layout,
                                                             Index n_directions);

extern template class Propagation<float>;
extern template class Propagation<double>;

}  // namespace jetmlp
