#include "propagation/factory.hpp"

#include "propagation/hessian_propagation.hpp"
#include "propagation/jet_propagation.hpp"
#include "propagation/reverse_propagation.hpp"
#include "propagation/second_derivative_jet_propagation.hpp"
#include "propagation/symmetric_pairs.hpp"

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
                                                 bool with_second_derivatives) {
    constexpr auto passes = Passes::forward_and_backward;
    if (with_second_derivatives) {
        return std::make_unique<SecondDerivativeJetPropagation<T>>(layout, passes);
    }
    return make_values_and_derivatives(layout, with_derivatives, passes);
}

template <class T>
std::unique_ptr<Propagation<T>> make_directional_propagation(const PackedLayout<T>& layout,
                                                             Index n_directions) {
    return std::make_unique<JetPropagation<T>>(layout, n_directions, Passes::forward_and_backward,
                                               Tangents::given);
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

template std::unique_ptr<Propagation<float>> make_propagation(const PackedLayout<float>&, bool,
                                                              bool);
template std::unique_ptr<Propagation<float>> make_directional_propagation(
    const PackedLayout<float>&, Index);
template std::unique_ptr<ForwardPropagation<float>> make_forward_propagation(
    const PackedLayout<float>&, bool);
template std::unique_ptr<ForwardPropagation<float>> make_hessian_propagation(
    const PackedParameters<float>&);
template std::unique_ptr<Propagation<double>> make_propagation(const PackedLayout<double>&, bool,
                                                               bool);
template std::unique_ptr<Propagation<double>> make_directional_propagation(
    const PackedLayout<double>&, Index);
template std::unique_ptr<ForwardPropagation<double>> make_forward_propagation(
    const PackedLayout<double>&, bool);
template std::unique_ptr<ForwardPropagation<double>> make_hessian_propagation(
    const PackedParameters<double>&);

}  // namespace jetmlp
