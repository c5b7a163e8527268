#include "propagation/factory.hpp"

#include "propagation/hessian_propagation.hpp"
#include "propagation/jet_propagation.hpp"
#include "propagation/reverse_propagation.hpp"
#include "propagation/second_derivative_jet_propagation.hpp"
#include "propagation/symmetric_pairs.hpp"

#include <algorithm>

namespace jetmlp {

namespace {

// Values, with the derivatives by the way of fewer rows.
template <class T>
std::unique_ptr<Propagation<T>> make_values_and_derivatives(const PackedLayout<T>& layout,
                                                            bool with_derivatives, Passes passes) {
    const Index d = layout.layers().front().n_in;
    const Index m = layout.layers().back().n_out;
    if (with_derivatives && m < d) {
        return std::make_unique<ReversePropagation<T>>(layout, passes);
    }
    return std::make_unique<JetPropagation<T>>(layout, with_derivatives ? d : 0, passes);
}

}  // namespace

template <class T>
std::unique_ptr<Propagation<T>> make_propagation(const PackedLayout<T>& layout,
                                                 bool with_derivatives,
                                                 bool with_second_derivatives, Passes passes) {
    if (with_second_derivatives) {
        return std::make_unique<SecondDerivativeJetPropagation<T>>(layout, passes);
    }
    return make_values_and_derivatives(layout, with_derivatives, passes);
}

template <class T>
std::unique_ptr<Propagation<T>> make_directional_propagation(const PackedLayout<T>& layout,
                                                             Index n_directions, Passes passes) {
    return std::make_unique<JetPropagation<T>>(layout, n_directions, passes, Tangents::given);
}

template <class T>
double propagation_numbers(const PackedLayout<T>& layout, bool with_derivatives,
                           bool with_second_derivatives, Index n_directions) {
    const Index d = layout.layers().front().n_in;
    const Index m = layout.layers().back().n_out;
    Index derivatives = 0;
    if (with_second_derivatives) {
        derivatives = d + n_pairs(d);
    } else if (n_directions > 0) {
        derivatives = n_directions;
    } else if (with_derivatives) {
        derivatives = std::min(d, m);
    }
    double widths = 0.0;
    Index widest = layout.layers().front().in_stride;
    for (const PackedLayer& layer : layout.layers()) {
        widths += static_cast<double>(layer.out_stride);
        widest = std::max(widest, layer.out_stride);
    }
    const Index rows = std::max(ForwardPropagation<T>::block_rows, 1 + derivatives);
    return 4.0 * static_cast<double>(rows) * (widths + static_cast<double>(widest));
}

template <class T>
std::unique_ptr<ForwardPropagation<T>> make_forward_propagation(const PackedLayout<T>& layout,
                                                                bool with_derivatives) {
    return make_values_and_derivatives(layout, with_derivatives, Passes::forward);
}

template <class T>
std::unique_ptr<ForwardPropagation<T>> make_hessian_propagation(
    const PackedParameters<T>& parameters) {
    const Index d = parameters.layout().layers().front().n_in;
    const Index m = parameters.layout().layers().back().n_out;
    if (m < n_pairs(d)) {
        return std::make_unique<HessianPropagation<T>>(parameters);
    }
    return std::make_unique<SecondDerivativeJetPropagation<T>>(parameters.layout(),
                                                               Passes::forward);
}

template double propagation_numbers(const PackedLayout<float>&, bool, bool, Index);
template double propagation_numbers(const PackedLayout<double>&, bool, bool, Index);
template std::unique_ptr<Propagation<float>> make_propagation(const PackedLayout<float>&, bool,
                                                              bool, Passes);
template std::unique_ptr<Propagation<float>> make_directional_propagation(
    const PackedLayout<float>&, Index, Passes);
template std::unique_ptr<ForwardPropagation<float>> make_forward_propagation(
    const PackedLayout<float>&, bool);
template std::unique_ptr<ForwardPropagation<float>> make_hessian_propagation(
    const PackedParameters<float>&);
template std::unique_ptr<Propagation<double>> make_propagation(const PackedLayout<double>&, bool,
                                                               bool, Passes);
template std::unique_ptr<Propagation<double>> make_directional_propagation(
    const PackedLayout<double>&, Index, Passes);
template std::unique_ptr<ForwardPropagation<double>> make_forward_propagation(
    const PackedLayout<double>&, bool);
template std::unique_ptr<ForwardPropagation<double>> make_hessian_propagation(
    const PackedParameters<double>&);

}  // namespace jetmlp
