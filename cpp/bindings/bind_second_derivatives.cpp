#include "bindings.hpp"

#include <jetmlp/predict/second_derivatives.hpp>

namespace jetmlp::bindings {

namespace {

// Checks the lengths, makes the results (n, …) and computes them without the GIL:
// compute(n, results, execution).
template <class T, class Compute>
Array<T> predict_in_shape(const Architecture& architecture, const Array<T>& parameters,
                          const Array<T>& X, std::vector<Index> shape_of_one, int n_threads,
                          const Compute& compute) {
    const Computation computation;
    const Index n = X.size() / architecture.n_inputs();
    expect_length("parameters", parameters.size(), architecture.n_parameters());
    expect_length("X", X.size(), n * architecture.n_inputs());
    shape_of_one.insert(shape_of_one.begin(), n);
    Array<T> results(shape_of_one);
    T* const data = results.mutable_data();
    run_interruptibly(n_threads, [&](Execution& execution) { compute(n, data, execution); });
    return results;
}

template <class T>
Array<T> hessian(const Architecture& architecture, const Array<T>& parameters, const Array<T>& X,
                 int n_threads) {
    const Index d = architecture.n_inputs();
    return predict_in_shape<T>(architecture, parameters, X, {architecture.n_outputs(), d, d},
                               n_threads, [&](Index n, T* results, Execution& execution) {
                                   predict_hessian<T>(architecture, parameters.data(), n, X.data(),
                                                      results, execution);
                               });
}

template <class T>
Array<T> laplacian(const Architecture& architecture, const Array<T>& parameters, const Array<T>& X,
                   const std::optional<Array<T>>& input_factors, int n_threads) {
    const T* const factors = input_factors ? input_factors->data() : nullptr;
    if (input_factors) {
        expect_length("input_factors", input_factors->size(), architecture.n_inputs());
    }
    return predict_in_shape<T>(architecture, parameters, X, {architecture.n_outputs()}, n_threads,
                               [&](Index n, T* results, Execution& execution) {
                                   predict_laplacian<T>(architecture, parameters.data(), n,
                                                        X.data(), factors, results, execution);
                               });
}

template <class T>
Array<T> hessian_vector_product(const Architecture& architecture, const Array<T>& parameters,
                                const Array<T>& X, const Array<T>& V, int n_threads) {
    expect_length("V", V.size(), X.size());
    return predict_in_shape<T>(
        architecture, parameters, X, {architecture.n_outputs(), architecture.n_inputs()}, n_threads,
        [&](Index n, T* results, Execution& execution) {
            predict_hessian_vector_product<T>(architecture, parameters.data(), n, X.data(),
                                              V.data(), results, execution);
        });
}

template <class T>
Array<T> directional_derivatives(const Architecture& architecture, const Array<T>& parameters,
                                 const Array<T>& X, const Array<T>& V, int n_threads) {
    expect_length("V", V.size(), X.size());
    return predict_in_shape<T>(architecture, parameters, X, {architecture.n_outputs(), 3},
                               n_threads, [&](Index n, T* results, Execution& execution) {
                                   predict_taylor_derivatives<T>(architecture, parameters.data(), n,
                                                                 X.data(), V.data(), results,
                                                                 execution);
                               });
}

}  // namespace

void bind_second_derivatives(py::module_& module) {
    const auto bind = [&module]<class T>(T /*of this type*/) {
        module.def("hessian", &hessian<T>, py::arg("architecture"),
                   py::arg("parameters").noconvert(), py::arg("X").noconvert(),
                   py::arg("n_threads"), "Second derivatives (n, m, d, d) at X (n, d).");
        module.def("laplacian", &laplacian<T>, py::arg("architecture"),
                   py::arg("parameters").noconvert(), py::arg("X").noconvert(),
                   py::arg("input_factors").noconvert(), py::arg("n_threads"),
                   "Sums (n, m) of the unmixed ones, each times its input's factor (d) squared.");
        module.def("hessian_vector_product", &hessian_vector_product<T>, py::arg("architecture"),
                   py::arg("parameters").noconvert(), py::arg("X").noconvert(),
                   py::arg("V").noconvert(), py::arg("n_threads"),
                   "Hessians times V (n, d), (n, m, d), at X (n, d).");
        module.def("directional_derivatives", &directional_derivatives<T>, py::arg("architecture"),
                   py::arg("parameters").noconvert(), py::arg("X").noconvert(),
                   py::arg("V").noconvert(), py::arg("n_threads"),
                   "The first three derivatives along V (n, d), (n, m, 3), at X (n, d).");
    };
    bind(float{});
    bind(double{});
}

}  // namespace jetmlp::bindings
