#include "bindings.hpp"

#include <jetmlp/least_squares/residuals.hpp>
#include <jetmlp/loss/objective.hpp>

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>

namespace jetmlp::bindings {

namespace {

template <class T>
using OptionalArray = std::optional<Array<T>>;

// The numbers of an optional array, checked for their count; null without it.
template <class T>
const T* data_of(const char* argument, const OptionalArray<T>& array, Index expected) {
    if (!array) {
        return nullptr;
    }
    expect_length(argument, array->size(), expected);
    return array->data();
}

template <class T>
std::unique_ptr<Objective<T>> make_objective(
    const Architecture& architecture, const Array<T>& X, const OptionalArray<T>& Y,
    const OptionalArray<T>& dYdX, const OptionalArray<T>& d2YdX2, double value_weight,
    double derivative_weight, double second_derivative_weight, double l2,
    const OptionalArray<T>& sample_weight, const OptionalArray<T>& derivative_sample_weight,
    const OptionalArray<T>& directions) {
    const Index d = architecture.n_inputs();
    const Index m = architecture.n_outputs();
    const Index n = X.size() / d;
    expect_length("X", X.size(), n * d);
    const Index n_tangents = directions ? directions->size() / std::max<Index>(1, n * d) : d;
    const Index n_derivatives = n * m * n_tangents;
    Dataset<T> data(n, d, m, X.data(), data_of("Y", Y, n * m), data_of("dYdX", dYdX, n_derivatives),
                    data_of("d2YdX2", d2YdX2, n * m * d * d),
                    {data_of("sample_weight", sample_weight, n),
                     data_of("derivative_sample_weight", derivative_sample_weight, n_derivatives)},
                    {data_of("directions", directions, n * n_tangents * d), n_tangents});
    return std::make_unique<Objective<T>>(
        architecture, std::move(data),
        LossWeights{value_weight, derivative_weight, second_derivative_weight, l2});
}

template <class T>
Losses evaluate(Objective<T>& objective, const Array<T>& parameters, T* gradient, int n_threads) {
    expect_length("parameters", parameters.size(), objective.architecture().n_parameters());
    return run_interruptibly(n_threads, [&](Execution& execution) {
        return objective.evaluate(parameters.data(), objective.all_rows(), gradient, execution);
    });
}

// compute(residuals, execution) without the GIL, until it is done or Ctrl-C ends it.
template <class Compute>
void compute_residuals(const Objective<double>& objective, const Array<double>& parameters,
                       int n_threads, const Compute& compute) {
    expect_length("parameters", parameters.size(), objective.architecture().n_parameters());
    run_interruptibly(n_threads, [&](Execution& execution) {
        Residuals residuals(objective);
        compute(residuals, execution);
    });
}

Array<double> residuals(const Objective<double>& objective, const Array<double>& parameters,
                        int n_threads) {
    Array<double> result(count_residuals(objective));
    double* const to = result.mutable_data();
    compute_residuals(objective, parameters, n_threads, [&](Residuals& r, Execution& execution) {
        r.evaluate(parameters.data(), to, execution);
    });
    return result;
}

Array<double> residual_jacobian(const Objective<double>& objective, const Array<double>& parameters,
                                int n_threads) {
    Array<double> result({count_residuals(objective), parameters.size()});
    double* const to = result.mutable_data();
    compute_residuals(objective, parameters, n_threads, [&](Residuals& r, Execution& execution) {
        r.jacobian(parameters.data(), to, execution);
    });
    return result;
}

Array<double> gram(const Objective<double>& objective, const Array<double>& parameters,
                   int n_threads) {
    const Index size = count_residuals(objective);
    Array<double> result({size, size});
    double* const to = result.mutable_data();
    compute_residuals(objective, parameters, n_threads, [&](Residuals& r, Execution& execution) {
        r.gram(parameters.data(), to, execution);
    });
    return result;
}

template <class T>
void bind_objective_of(py::module_& module, const char* name) {
    py::class_<Objective<T>> objective(module, name,
                                       "Loss and gradient as a function of the parameters.");
    objective
        .def(py::init(&make_objective<T>), py::arg("architecture"), py::arg("X").noconvert(),
             py::arg("Y").noconvert(), py::arg("dYdX").noconvert(), py::arg("d2YdX2").noconvert(),
             py::arg("value_weight"), py::arg("derivative_weight"),
             py::arg("second_derivative_weight"), py::arg("l2"),
             py::arg("sample_weight").noconvert(), py::arg("derivative_sample_weight").noconvert(),
             py::arg("directions").noconvert())
        .def_property_readonly(
            "has_second_derivatives",
            [](const Objective<T>& self) { return self.data().has_second_derivatives(); })
        .def(
            "losses",
            [](Objective<T>& self, const Array<T>& parameters, int n_threads) {
                const Losses losses = evaluate<T>(self, parameters, nullptr, n_threads);
                return std::make_tuple(losses.total, losses.value, losses.derivative,
                                       losses.second_derivative);
            },
            py::arg("parameters").noconvert(), py::arg("n_threads"))
        .def(
            "loss_and_gradient",
            [](Objective<T>& self, const Array<T>& parameters, int n_threads) {
                Array<T> gradient(parameters.size());
                const Losses losses =
                    evaluate<T>(self, parameters, gradient.mutable_data(), n_threads);
                return std::make_pair(losses.total, gradient);
            },
            py::arg("parameters").noconvert(), py::arg("n_threads"));
    if constexpr (std::is_same_v<T, double>) {
        objective.def_property_readonly("n_residuals", &count_residuals)
            .def("residuals", &residuals, py::arg("parameters").noconvert(), py::arg("n_threads"))
            .def("residual_jacobian", &residual_jacobian, py::arg("parameters").noconvert(),
                 py::arg("n_threads"))
            .def("gram", &gram, py::arg("parameters").noconvert(), py::arg("n_threads"));
    }
}

}  // namespace

void bind_objective(py::module_& module) {
    bind_objective_of<float>(module, "Objective32");
    bind_objective_of<double>(module, "Objective64");
}

}  // namespace jetmlp::bindings
