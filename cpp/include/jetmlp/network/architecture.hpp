// What a network is, apart from its numbers: layer sizes, activations, and where each layer lies
// in the one flat parameter vector.
#pragma once

#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/activation.hpp>

#include <vector>

namespace jetmlp {

// Layer l maps n_in features to n_out: z = W a + b, a⁺ = σ(z).
struct Layer {
    Index n_in = 0;
    Index n_out = 0;
    Index weights_offset = 0;  // of W, row-major (n_out, n_in), in the flat vector
    Index bias_offset = 0;     // of b (n_out), right behind W
    Activation activation{};
};

class Architecture {
  public:
    // Layer sizes from the inputs to the outputs, at least two, each at least 1;
    // throws std::invalid_argument otherwise.
    Architecture(std::vector<Index> layer_sizes, Activation hidden, Activation output);

    [[nodiscard]] const std::vector<Index>& layer_sizes() const { return layer_sizes_; }
    [[nodiscard]] const std::vector<Layer>& layers() const { return layers_; }
    [[nodiscard]] Index n_inputs() const { return layer_sizes_.front(); }
    [[nodiscard]] Index n_outputs() const { return layer_sizes_.back(); }
    [[nodiscard]] Index n_parameters() const { return n_parameters_; }

  private:
    std::vector<Index> layer_sizes_;
    std::vector<Layer> layers_;
    Index n_parameters_ = 0;
};

}  // namespace jetmlp
