#include "network/packed_parameters.hpp"
#include "predict/sample_blocks.hpp"
#include "propagation/factory.hpp"
#include "propagation/hessian_vector_propagation.hpp"
#include "propagation/laplacian_propagation.hpp"
#include "propagation/symmetric_pairs.hpp"
#include "propagation/taylor_propagation.hpp"

#include <jetmlp/predict/second_derivatives.hpp>

#include <algorithm>
#include <memory>

namespace jetmlp {

namespace {

template <class T>
PackedParameters<T> pack(const Architecture& architecture, const T* parameters) {
    PackedParameters<T> packed(architecture);
    packed.assign(architecture, parameters);
    return packed;
}

}  // namespace

template <class T>
void predict_hessian(const Architecture& architecture, const T* parameters, Index n_samples,
                     const T* inputs, T* hessian, Execution& execution) {
    const Index d = architecture.n_inputs();
    const Index m = architecture.n_outputs();
    const PackedParameters<T> packed = pack(architecture, parameters);
    in_blocks(
        packed, n_samples, inputs, execution, [&] { return make_hessian_propagation(packed); },
        nothing,
        [&](const ForwardPropagation<T>& propagation, Index i, Index sample) {
            for (Index o = 0; o < m; ++o) {
                T* const matrix = hessian + (sample * m + o) * d * d;
                for (Index k = 0, pair = 0; k < d; ++k) {
                    for (Index l = k; l < d; ++l, ++pair) {
                        const T entry = propagation.second_derivative(i, o, pair);
                        matrix[k * d + l] = entry;
                        matrix[l * d + k] = entry;
                    }
                }
            }
        });
}

template <class T>
void predict_laplacian(const Architecture& architecture, const T* parameters, Index n_samples,
                       const T* inputs, const T* input_factors, T* laplacian,
                       Execution& execution) {
    const Index m = architecture.n_outputs();
    const PackedParameters<T> packed = pack(architecture, parameters);
    in_blocks(
        packed, n_samples, inputs, execution,
        [&] { return std::make_unique<LaplacianPropagation<T>>(packed.layout(), input_factors); },
        nothing,
        [&](const LaplacianPropagation<T>& propagation, Index i, Index sample) {
            for (Index o = 0; o < m; ++o) {
                laplacian[sample * m + o] = propagation.second_derivative(i, o, 0);
            }
        });
}

template <class T>
void predict_hessian_vector_product(const Architecture& architecture, const T* parameters,
                                    Index n_samples, const T* inputs, const T* directions,
                                    T* products, Execution& execution) {
    const Index d = architecture.n_inputs();
    const Index m = architecture.n_outputs();
    const PackedParameters<T> packed = pack(architecture, parameters);
    // Rows in a layer: 2 + 2m here, for whole Hessians 1 + d and the fewer of m and d(d+1)/2.
    if (2 + 2 * m <= 1 + d + std::min(m, n_pairs(d))) {
        in_blocks(
            packed, n_samples, inputs, execution,
            [&] { return std::make_unique<HessianVectorPropagation<T>>(packed.layout()); },
            [&](HessianVectorPropagation<T>& propagation, Index i, Index sample) {
                std::copy_n(directions + sample * d, d, propagation.direction(i));
            },
            [&](const HessianVectorPropagation<T>& propagation, Index i, Index sample) {
                for (Index at = 0; at < m * d; ++at) {
                    products[sample * m * d + at] =
                        propagation.second_derivative(i, at / d, at % d);
                }
            });
        return;
    }
    in_blocks(
        packed, n_samples, inputs, execution, [&] { return make_hessian_propagation(packed); },
        nothing,
        [&](const ForwardPropagation<T>& propagation, Index i, Index sample) {
            const T* const direction = directions + sample * d;
            for (Index o = 0; o < m; ++o) {
                for (Index k = 0; k < d; ++k) {
                    T sum = 0;
                    for (Index l = 0; l < d; ++l) {
                        sum += propagation.second_derivative(i, o, pair_of(d, k, l)) * direction[l];
                    }
                    products[(sample * m + o) * d + k] = sum;
                }
            }
        });
}

template <class T>
void predict_taylor_derivatives(const Architecture& architecture, const T* parameters,
                                Index n_samples, const T* inputs, const T* directions,
                                T* derivatives, Execution& execution) {
    const Index d = architecture.n_inputs();
    const Index m = architecture.n_outputs();
    constexpr Index n_orders = TaylorPropagation<T>::n_orders;
    const PackedParameters<T> packed = pack(architecture, parameters);
    in_blocks(
        packed, n_samples, inputs, execution,
        [&] { return std::make_unique<TaylorPropagation<T>>(packed.layout()); },
        [&](TaylorPropagation<T>& propagation, Index i, Index sample) {
            std::copy_n(directions + sample * d, d, propagation.direction(i));
        },
        [&](const TaylorPropagation<T>& propagation, Index i, Index sample) {
            for (Index o = 0; o < m; ++o) {
                for (Index j = 0; j < n_orders; ++j) {
                    derivatives[(sample * m + o) * n_orders + j] =
                        propagation.taylor_derivative(i, o, 1 + j);
                }
            }
        });
}

template void predict_hessian(const Architecture&, const float*, Index, const float*, float*,
                              Execution&);
template void predict_hessian(const Architecture&, const double*, Index, const double*, double*,
                              Execution&);
template void predict_laplacian(const Architecture&, const float*, Index, const float*,
                                const float*, float*, Execution&);
template void predict_laplacian(const Architecture&, const double*, Index, const double*,
                                const double*, double*, Execution&);
template void predict_hessian_vector_product(const Architecture&, const float*, Index, const float*,
                                             const float*, float*, Execution&);
template void predict_hessian_vector_product(const Architecture&, const double*, Index,
                                             const double*, const double*, double*, Execution&);
template void predict_taylor_derivatives(const Architecture&, const float*, Index, const float*,
                                         const float*, float*, Execution&);
template void predict_taylor_derivatives(const Architecture&, const double*, Index, const double*,
                                         const double*, double*, Execution&);

}  // namespace jetmlp
