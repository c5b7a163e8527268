#include "least_squares/layer_factors.hpp"

#include "kernels/activations.hpp"
#include "kernels/product.hpp"

#include <algorithm>

namespace jetmlp {

using kernels::lanes;
using kernels::load;
using kernels::load_pack;
using kernels::store;
using kernels::Vector;

ForwardFactors::ForwardFactors(const Architecture& architecture, const ResidualLayout& layout,
                               const Dataset<double>& data)
    : layers_(architecture.layers()),
      layout_(&layout),
      inputs_(layers_.size() + 1),
      slopes_(layers_.size()) {
    const Index size = layout.block_samples();
    const Index n_slots = 1 + layout.n_tangents();
    const Index columns = layout.n_blocks() * n_slots * size;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        const Index n_in = layers_[l].n_in;
        inputs_[l].resize(n_in + 1, columns);
        slopes_[l].resize(layers_[l].n_out, columns);
        for (Index b = 0; b < layout.n_blocks(); ++b) {
            std::fill_n(inputs_[l].row(n_in) + b * n_slots * size, size, 1.0);
        }
    }
    inputs_.back().resize(layers_.back().n_out, columns);
    set_inputs(data);
}

void ForwardFactors::set_inputs(const Dataset<double>& data) {
    const Index size = layout_->block_samples();
    const Index n_slots = 1 + layout_->n_tangents();
    for (Index b = 0; b < layout_->n_blocks(); ++b) {
        for (Index k = 0; k < data.n_inputs(); ++k) {
            double* const row = inputs_.front().row(k) + b * n_slots * size;
            for (Index i = 0; i < size; ++i) {
                const Index sample = layout_->sample(b * size + i);
                row[i] = sample < 0 ? 0.0 : data.input(sample)[k];
            }
            if (layout_->n_tangents() > 0) {
                std::fill_n(row + (1 + k) * size, size, 1.0);
            }
        }
    }
}

void ForwardFactors::run(const double* parameters, Execution& execution) {
    const Index width = (1 + layout_->n_tangents()) * layout_->block_samples();
    for_blocks(*layout_, execution, [&](Index first, Index end) {
        for (std::size_t l = 0; l < layers_.size(); ++l) {
            const Layer& layer = layers_[l];
            const Panel& from = inputs_[l];
            Panel& to = inputs_[l + 1];
            kernels::product<double>(layer.n_out, (end - first) * width, layer.n_in,
                                     {parameters + layer.weights_offset, layer.n_in, 1},
                                     from.row(0) + first * width, from.stride,
                                     to.row(0) + first * width, to.stride, false);
            activate(l, parameters + layer.bias_offset, first, end);
        }
    });
}

void ForwardFactors::activate(std::size_t l, const double* bias, Index first_block,
                              Index end_block) {
    const Index size = layout_->block_samples();
    const Index n_tangents = layout_->n_tangents();
    const Index first_column = first_block * (1 + n_tangents) * size;
    Panel& panel = inputs_[l + 1];
    Panel& slopes = slopes_[l];
    kernels::visit(layers_[l].activation, [&]<class Sigma>(Sigma) {
        for (Index j = 0; j < layers_[l].n_out; ++j) {
            double* a = panel.row(j) + first_column;
            double* s = slopes.row(j) + first_column;
            for (Index b = first_block; b < end_block; ++b) {
                kernels::for_each_pack<double, Sigma::pack>(
                    size, [=]<int N>(Index i) __attribute__((always_inline)) {
                        const auto jet = Sigma::at(load_pack<N>(a + i) + bias[j]);
                        store(a + i, jet.a);
                        store(s + i, jet.s1);
                        for (Index k = 1; k <= n_tangents; ++k) {
                            const auto z_tangent = load_pack<N>(a + k * size + i);
                            store(a + k * size + i, jet.s1 * z_tangent);
                            store(s + k * size + i, jet.s2 * z_tangent);
                        }
                    });
                a += (1 + n_tangents) * size;
                s += (1 + n_tangents) * size;
            }
        }
    });
}

void ForwardFactors::gather(double* predictions) const {
    const Panel& outputs = inputs_.back();
    const Index of_output = (1 + layout_->n_tangents()) * layout_->block_samples();
    for (Index b = 0; b < layout_->n_blocks(); ++b) {
        for (Index o = 0; o < layout_->n_outputs(); ++o) {
            predictions = std::copy_n(outputs.row(o) + b * of_output, of_output, predictions);
        }
    }
}

BackwardFactors::BackwardFactors(const Architecture& architecture, const ResidualLayout& layout)
    : layers_(architecture.layers()), layout_(&layout), deltas_(layers_.size()) {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        deltas_[l].resize(layers_[l].n_out, layout.n_positions());
    }
}

void BackwardFactors::run(const double* parameters, const ForwardFactors& forward,
                          Execution& execution) {
    const Index width = layout_->block_width();
    for_blocks(*layout_, execution, [&](Index first, Index end) {
        seed(forward, first, end);
        for (std::size_t l = layers_.size() - 1; l > 0; --l) {
            const Layer& layer = layers_[l];
            const Panel& above = deltas_[l];
            Panel& below = deltas_[l - 1];
            kernels::product<double>(layer.n_in, (end - first) * width, layer.n_out,
                                     {parameters + layer.weights_offset, 1, layer.n_in},
                                     above.row(0) + first * width, above.stride,
                                     below.row(0) + first * width, below.stride, false);
            through_activation(l - 1, forward.slopes(l - 1), first, end);
        }
    });
}

// Rows of other outputs are zero from the start.
void BackwardFactors::seed(const ForwardFactors& forward, Index first_block, Index end_block) {
    const Index of_output = (1 + layout_->n_tangents()) * layout_->block_samples();
    const Index m = layout_->n_outputs();
    for (Index o = 0; o < m; ++o) {
        const double* const slopes = forward.slopes(layers_.size() - 1).row(o);
        double* const deltas = deltas_.back().row(o);
        for (Index b = first_block; b < end_block; ++b) {
            std::copy_n(slopes + b * of_output, of_output, deltas + (b * m + o) * of_output);
        }
    }
}

void BackwardFactors::through_activation(std::size_t l, const Panel& slopes, Index first_block,
                                         Index end_block) {
    const Index size = layout_->block_samples();
    const Index n_tangents = layout_->n_tangents();
    const Index of_output = (1 + n_tangents) * size;
    for (Index j = 0; j < layers_[l].n_out; ++j) {
        double* g = deltas_[l].row(j) + first_block * layout_->block_width();
        const double* s = slopes.row(j) + first_block * of_output;
        for (Index b = first_block; b < end_block; ++b) {
            for (Index o = 0; o < layout_->n_outputs(); ++o) {
                for (Index i = 0; i < size; i += lanes<double>) {
                    const Vector<double> slope = load(s + i);
                    const Vector<double> from_above = load(g + i);
                    store(g + i, slope * from_above);
                    for (Index k = 1; k <= n_tangents; ++k) {
                        store(g + k * size + i,
                              slope * load(g + k * size + i) + load(s + k * size + i) * from_above);
                    }
                }
                g += of_output;
            }
            s += of_output;
        }
    }
}

}  // namespace jetmlp
