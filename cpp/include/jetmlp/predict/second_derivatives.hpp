// Exact second derivatives of a network by its inputs, and third ones along a direction.
#pragma once

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/architecture.hpp>

namespace jetmlp {

// All take inputs (n, d) and work in blocks: memory beyond the results is bounded by the widths of
// the layers and what one sample needs. ReLU's second derivative is taken as 0 everywhere.

// hessian (n, m, d, d): ∂²y_o/∂x_k∂x_l at [i, o, k, l].
template <class T>
void predict_hessian(const Architecture& architecture, const T* parameters, Index n_samples,
                     const T* inputs, T* hessian, Execution& execution);

// laplacian (n, m): Σ_k c_k² ∂²y_o/∂x_k², with input_factors c (d), or null for 1.
template <class T>
void predict_laplacian(const Architecture& architecture, const T* parameters, Index n_samples,
                       const T* inputs, const T* input_factors, T* laplacian, Execution& execution);

// With a vector v for each sample, directions (n, d): products (n, m, d), Σ_l ∂²y_o/∂x_k∂x_l v_l.
template <class T>
void predict_hessian_vector_product(const Architecture& architecture, const T* parameters,
                                    Index n_samples, const T* inputs, const T* directions,
                                    T* products, Execution& execution);

// Along the line x + t v, with directions v (n, d): derivatives (n, m, 3), dʲy_o(x + t v)/dtʲ at
// t = 0 for j = 1, 2, 3.
template <class T>
void predict_taylor_derivatives(const Architecture& architecture, const T* parameters,
                                Index n_samples, const T* inputs, const T* directions,
                                T* derivatives, Execution& execution);

}  // namespace jetmlp
