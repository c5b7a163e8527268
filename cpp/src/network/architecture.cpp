#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/network/architecture.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace jetmlp {

Architecture::Architecture(std::vector<Index> layer_sizes, Activation hidden, Activation output)
    : layer_sizes_(std::move(layer_sizes)) {
    if (layer_sizes_.size() < 2) {
        throw std::invalid_argument(
            "layer_sizes: expected at least two sizes (inputs, outputs), got " +
            std::to_string(layer_sizes_.size()));
    }
    for (const Index size : layer_sizes_) {
        if (size < 1) {
            throw std::invalid_argument("layer_sizes: expected sizes of at least 1, got " +
                                        std::to_string(size));
        }
    }
    const std::size_t n_layers = layer_sizes_.size() - 1;
    for (std::size_t l = 0; l < n_layers; ++l) {
        Layer layer;
        layer.n_in = layer_sizes_[l];
        layer.n_out = layer_sizes_[l + 1];
        layer.weights_offset = n_parameters_;
        layer.bias_offset = checked_sum(n_parameters_, checked_product(layer.n_out, layer.n_in));
        layer.activation = l + 1 == n_layers ? output : hidden;
        n_parameters_ = checked_sum(layer.bias_offset, layer.n_out);
        layers_.push_back(layer);
    }
}

}  // namespace jetmlp
