// Which way of propagation serves a purpose at the least cost.
#pragma once

#include "propagation/forward_propagation.hpp"
#include "propagation/propagation.hpp"

#include <jetmlp/machine/types.hpp>

#include <memory>

namespace jetmlp {

// For a fit: values alone, or with derivatives, or with derivatives and second derivatives of pairs
// of inputs, numbered as by pair_of().
//
// For each layer and sample, loss and gradient of values and derivatives take products with W of
//   3(1 + d) rows, carried forward along d inputs: forward, and back by W and to W̄, or
//   3(1 + m) rows, carried back from m outputs: the values likewise; for each output its gradient,
//   and the adjoint of that by W and to W̄.
template <class T>
std::unique_ptr<Propagation<T>> make_propagation(const PackedLayout<T>& layout,
                                                 bool with_derivatives,
                                                 bool with_second_derivatives, Passes passes);

// For a fit: values and derivatives along this many directions n, which each sample gives: 3(1 + n)
// rows.
template <class T>
std::unique_ptr<Propagation<T>> make_directional_propagation(const PackedLayout<T>& layout,
                                                             Index n_directions, Passes passes);

// About how many numbers one of these two holds: four matrices a layer at most, and as many of the
// widest. n_directions: 0 for derivatives along the inputs.
template <class T>
double propagation_numbers(const PackedLayout<T>& layout, bool with_derivatives,
                           bool with_second_derivatives, Index n_directions);

// For predictions: values alone, or with the Jacobian. A layer takes 1 + d rows forward, or the 1
// of the values forward and m back.
template <class T>
std::unique_ptr<ForwardPropagation<T>> make_forward_propagation(const PackedLayout<T>& layout,
                                                                bool with_derivatives);

// For predictions: second derivatives of pairs of inputs, numbered as by pair_of(), and nothing
// else. Besides the 1 + d rows of values and tangents, a layer takes the m gradients of the outputs
// or the d(d+1)/2 second derivatives. Passes must run on the parameters given here.
template <class T>
std::unique_ptr<ForwardPropagation<T>> make_hessian_propagation(
    const PackedParameters<T>& parameters);

}  // namespace jetmlp
