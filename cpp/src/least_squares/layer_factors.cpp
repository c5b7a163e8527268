#include "least_squares/layer_factors.hpp"

#include "kernels/activations.hpp"
#include "kernels/product.hpp"

#include <algorithm>
#include <iterator>

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
    const Index columns = layout.n_blocks() * layout.jet_width();
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        const Index n_in = layers_[l].n_in;
        inputs_[l].resize(n_in + 1, columns);
        slopes_[l].resize(layers_[l].n_out, columns);
        for (Index b = 0; b < layout.n_blocks(); ++b) {
            std::fill_n(inputs_[l].row(n_in) + b * layout.jet_width(), layout.block_samples(), 1.0);
        }
    }
    inputs_.back().resize(layers_.back().n_out, columns);
    set_inputs(data);
}

// Padding may hold anything finite, as its scales are zero.
void ForwardFactors::set_inputs(const Dataset<double>& data) {
    const Index size = layout_->block_samples();
    for (Index b = 0; b < layout_->n_blocks(); ++b) {
        for (Index k = 0; k < data.n_inputs(); ++k) {
            double* const row = inputs_.front().row(k) + b * layout_->jet_width();
            for (Index i = 0; i < size; ++i) {
                const Index sample = layout_->sample(b * size + i);
                row[i] = sample < 0 ? 0.0 : data.input(sample)[k];
                for (Index t = 0; t < layout_->slots().n_tangents(); ++t) {
                    double& tangent = row[JetSlots::tangent(t) * size + i];
                    if (!data.has_directions()) {
                        tangent = t == k ? 1.0 : 0.0;
                    } else {
                        tangent = sample < 0 ? 0.0 : data.direction(sample, t)[k];
                    }
                }
            }
        }
    }
}

void ForwardFactors::run(const double* parameters, Execution& execution) {
    const Index width = layout_->jet_width();
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
    const bool with_pairs = !layout_->slots().pairs().empty();
    kernels::visit(layers_[l].activation, [&]<class Sigma>(Sigma) {
        if (with_pairs) {
            activate_by<Sigma, true>(l, bias, first_block, end_block);
        } else {
            activate_by<Sigma, false>(l, bias, first_block, end_block);
        }
    });
}

// In place, so second derivatives come first: they need the ż_k.
template <class Sigma, bool with_pairs>
void ForwardFactors::activate_by(std::size_t l, const double* bias, Index first_block,
                                 Index end_block) {
    const Index size = layout_->block_samples();
    const Index width = layout_->jet_width();
    const Index n_tangents = layout_->slots().n_tangents();
    [[maybe_unused]] const JetSlots* const slots = &layout_->slots();
    for (Index j = 0; j < layers_[l].n_out; ++j) {
        double* a = inputs_[l + 1].row(j) + first_block * width;
        double* s = slopes_[l].row(j) + first_block * width;
        for (Index b = first_block; b < end_block; ++b) {
            kernels::for_each_pack<double, Sigma::pack>(size, [=]<int N>(Index i) __attribute__((
                                                                  always_inline)) {
                const auto jet = Sigma::at(load_pack<N>(a + i) + bias[j]);
                store(a + i, jet.a);
                store(s + i, jet.s1);
                if constexpr (with_pairs) {
                    for (Index p = 0; p < std::ssize(slots->pairs()); ++p) {
                        const auto [first, second] = slots->pairs()[static_cast<std::size_t>(p)];
                        const auto z_first = load_pack<N>(a + JetSlots::tangent(first) * size + i);
                        const auto z_second =
                            load_pack<N>(a + JetSlots::tangent(second) * size + i);
                        const Index at = slots->pair(p) * size + i;
                        const auto z_pair = load_pack<N>(a + at);
                        store(a + at, jet.s1 * z_pair + jet.s2 * z_first * z_second);
                        store(s + at, jet.s2 * z_pair + jet.s3 * z_first * z_second);
                    }
                }
                for (Index k = 1; k <= n_tangents; ++k) {
                    const auto z_tangent = load_pack<N>(a + k * size + i);
                    store(a + k * size + i, jet.s1 * z_tangent);
                    store(s + k * size + i, jet.s2 * z_tangent);
                }
            });
            a += width;
            s += width;
        }
    }
}

void ForwardFactors::gather(double* predictions) const {
    const Index size = layout_->block_samples();
    for (Index b = 0; b < layout_->n_blocks(); ++b) {
        for (Index o = 0; o < layout_->n_outputs(); ++o) {
            const double* const jet = inputs_.back().row(o) + b * layout_->jet_width();
            for (const ResidualLayout::Part& part : layout_->parts()) {
                predictions = std::copy_n(jet + part.slot * size, size, predictions);
            }
        }
    }
}

BackwardFactors::BackwardFactors(const Architecture& architecture, const ResidualLayout& layout)
    : layers_(architecture.layers()), layout_(&layout), deltas_(layers_.size()) {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        deltas_[l].resize(layers_[l].n_out, layout.n_columns());
    }
}

void BackwardFactors::run(const double* parameters, const ForwardFactors& forward,
                          Execution& execution) {
    const Index width = layout_->column_width();
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
    const Index of_output = layout_->jet_width();
    const Index m = layout_->n_outputs();
    for (Index o = 0; o < m; ++o) {
        const double* const slopes = forward.slopes(layers_.size() - 1).row(o);
        double* const deltas = deltas_.back().row(o);
        for (Index b = first_block; b < end_block; ++b) {
            std::copy_n(slopes + b * of_output, of_output, deltas + (b * m + o) * of_output);
        }
    }
}

// In place, so second derivatives come first: they need the ġ_k.
void BackwardFactors::through_activation(std::size_t l, const Panel& slopes, Index first_block,
                                         Index end_block) {
    const Index size = layout_->block_samples();
    const JetSlots& slots = layout_->slots();
    const Index n_tangents = slots.n_tangents();
    const Index n_slots = slots.size();
    const Index of_output = layout_->jet_width();
    for (Index j = 0; j < layers_[l].n_out; ++j) {
        double* g = deltas_[l].row(j) + first_block * layout_->column_width();
        const double* s = slopes.row(j) + first_block * of_output;
        for (Index b = first_block; b < end_block; ++b) {
            for (Index o = 0; o < layout_->n_outputs(); ++o) {
                for (Index i = 0; i < size; i += lanes<double>) {
                    const Vector<double> slope = load(s + i);
                    const Vector<double> from_above = load(g + i);
                    for (Index slot = 1 + n_tangents; slot < n_slots; ++slot) {
                        Vector<double> sum{};
                        for (int split = 0; split < 4; ++split) {
                            const auto [left, right] = slots.offsets(slot)[split];
                            sum += load(s + left + i) * load(g + right + i);
                        }
                        store(g + slot * size + i, sum);
                    }
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
