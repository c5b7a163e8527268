#include "bindings.hpp"

#include <jetmlp/least_squares/residuals.hpp>
#include <jetmlp/loss/objective.hpp>

#include <memory>

namespace jetmlp::bindings {

namespace {

// compute(execution) without the GIL, until it is done or Ctrl-C ends it.
template <class Compute>
void compute_at(const Residuals& residuals, const Array<double>& parameters, int n_threads,
                const Compute& compute) {
    expect_length("parameters", parameters.size(), residuals.n_parameters());
    run_interruptibly(n_threads, compute);
}

Array<double> evaluate(Residuals& self, const Array<double>& parameters, int n_threads) {
    Array<double> result(self.size());
    double* const to = result.mutable_data();
    compute_at(self, parameters, n_threads,
               [&](Execution& execution) { self.evaluate(parameters.data(), to, execution); });
    return result;
}

Array<double> jacobian(Residuals& self, const Array<double>& parameters, int n_threads) {
    Array<double> result({self.size(), self.n_parameters()});
    double* const to = result.mutable_data();
    compute_at(self, parameters, n_threads,
               [&](Execution& execution) { self.jacobian(parameters.data(), to, execution); });
    return result;
}

Array<double> gram(Residuals& self, const Array<double>& parameters, int n_threads) {
    Array<double> result({self.size(), self.size()});
    double* const to = result.mutable_data();
    compute_at(self, parameters, n_threads,
               [&](Execution& execution) { self.gram(parameters.data(), to, execution); });
    return result;
}

Array<double> jacobian_product(Residuals& self, const Array<double>& parameters,
                               const Array<double>& v, int n_threads) {
    expect_length("v", v.size(), self.n_parameters());
    Array<double> result(self.size());
    double* const to = result.mutable_data();
    compute_at(self, parameters, n_threads, [&](Execution& execution) {
        self.jacobian_product(parameters.data(), v.data(), to, execution);
    });
    return result;
}

Array<double> jacobian_transpose_product(Residuals& self, const Array<double>& parameters,
                                         const Array<double>& u, int n_threads) {
    expect_length("u", u.size(), self.size());
    Array<double> result(self.n_parameters());
    double* const to = result.mutable_data();
    compute_at(self, parameters, n_threads, [&](Execution& execution) {
        self.jacobian_transpose_product(parameters.data(), u.data(), to, execution);
    });
    return result;
}

}  // namespace

void bind_residuals(py::module_& module) {
    py::class_<Residuals>(module, "Residuals", "The loss as a sum of squares, and its Jacobian.")
        .def(py::init([](const Objective<double>& objective) {
                 return run_interruptibly(1, [&](Execution& /*execution*/) {
                     return std::make_unique<Residuals>(objective);
                 });
             }),
             py::arg("objective"), py::keep_alive<1, 2>())
        .def("residuals", &evaluate, py::arg("parameters").noconvert(), py::arg("n_threads"))
        .def("residual_jacobian", &jacobian, py::arg("parameters").noconvert(),
             py::arg("n_threads"))
        .def("gram", &gram, py::arg("parameters").noconvert(), py::arg("n_threads"))
        .def("jacobian_product", &jacobian_product, py::arg("parameters").noconvert(),
             py::arg("v").noconvert(), py::arg("n_threads"))
        .def("jacobian_transpose_product", &jacobian_transpose_product,
             py::arg("parameters").noconvert(), py::arg("u").noconvert(), py::arg("n_threads"));
}

}  // namespace jetmlp::bindings
