#include "bindings.hpp"

#include <jetmlp/predict/predictor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace jetmlp::bindings {

namespace {

// Multiplications of a call that neither gives Python's lock back nor looks for Ctrl-C: some tens
// of microseconds.
constexpr Index most_products = 1 << 18;

template <class T>
struct FewRows {
    Predictor<T> predictor;
    Index most_rows;
    Index most_rows_with_jacobian;
};

// The inputs (n, d) of few rows: a plain array of float64 as it is. Null for anything else, of
// which the longer way says what is wrong with it, or takes it.
const double* plain_rows(const py::object& X, Index d, Index most, Index& n_rows) {
    const auto& numpy = py::detail::npy_api::get();
    if (Py_TYPE(X.ptr()) != numpy.PyArray_Type_ || !py::isinstance<Array<double>>(X)) {
        return nullptr;
    }
    const auto* const array = py::detail::array_proxy(X.ptr());
    const bool aligned = (array->flags & py::detail::npy_api::NPY_ARRAY_ALIGNED_) != 0;
    const bool one_axis = array->nd == 1 && d == 1;
    const bool fits = one_axis || (array->nd == 2 && array->dimensions[1] == d);
    if (!aligned || !fits || array->dimensions[0] > most) {
        return nullptr;
    }
    n_rows = array->dimensions[0];
    return reinterpret_cast<const double*>(array->data);
}

template <class Number, class T>
py::object predicted(FewRows<T>& self, Index n, const double* rows, bool jacobian) {
    const Index d = self.predictor.n_inputs();
    const Index m = self.predictor.n_outputs();
    Array<Number> Y({n, m});
    if (!jacobian) {
        self.predictor.predict(n, rows, Y.mutable_data(), static_cast<Number*>(nullptr));
        return Y;
    }
    Array<Number> J({n, m, d});
    self.predictor.predict(n, rows, Y.mutable_data(), J.mutable_data());
    return py::make_tuple(Y, J);
}

template <class T>
py::object predict(FewRows<T>& self, const py::object& X, bool jacobian) {
    Index n = 0;
    const Index most = jacobian ? self.most_rows_with_jacobian : self.most_rows;
    const double* const rows = plain_rows(X, self.predictor.n_inputs(), most, n);
    if (rows == nullptr) {
        return py::none();
    }
    return self.predictor.has_units() ? predicted<double>(self, n, rows, jacobian)
                                      : predicted<T>(self, n, rows, jacobian);
}

using Numbers = std::vector<double>;

template <class T>
void bind(py::module_& module, const char* name) {
    py::class_<FewRows<T>>(module, name,
                           "A network that is ready for a few rows at a time; it holds Python's "
                           "lock while it computes.")
        .def(py::init([](const Architecture& architecture, const Array<T>& parameters,
                         Numbers x_mean, Numbers x_scale, Numbers y_mean, Numbers y_scale) {
                 expect_length("parameters", parameters.size(), architecture.n_parameters());
                 const Index d = architecture.n_inputs();
                 const Index m = architecture.n_outputs();
                 const bool any = !x_mean.empty();
                 expect_length("x_mean", std::ssize(x_mean), any ? d : 0);
                 expect_length("x_scale", std::ssize(x_scale), any ? d : 0);
                 expect_length("y_mean", std::ssize(y_mean), any ? m : 0);
                 expect_length("y_scale", std::ssize(y_scale), any ? m : 0);
                 Units units{std::move(x_mean), std::move(x_scale), std::move(y_mean),
                             std::move(y_scale)};
                 const Index most = most_products / architecture.n_parameters();
                 return std::unique_ptr<FewRows<T>>(
                     new FewRows<T>{Predictor<T>(architecture, parameters.data(), std::move(units)),
                                    most, most / (1 + std::min(d, m))});
             }),
             py::arg("architecture"), py::arg("parameters").noconvert(), py::arg("x_mean"),
             py::arg("x_scale"), py::arg("y_mean"), py::arg("y_scale"))
        .def(
            "predict",
            [](FewRows<T>& self, const py::object& X) { return predict(self, X, false); },
            py::arg("X"), "Values (n, m) at X (n, d); None if X is no plain array of few rows.")
        .def(
            "predict_with_jacobian",
            [](FewRows<T>& self, const py::object& X) { return predict(self, X, true); },
            py::arg("X"), "The same with the Jacobian (n, m, d).");
}

}  // namespace

void bind_predictor(py::module_& module) {
    bind<float>(module, "Predictor32");
    bind<double>(module, "Predictor64");
}

}  // namespace jetmlp::bindings
